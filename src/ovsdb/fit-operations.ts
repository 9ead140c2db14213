import type { ServerSchema } from './monitored-columns.js'
import type { Json } from './notation.js'
import type { Operation } from './operation.js'

/**
 * The operations without what the server's schema lacks: a transaction that names one unknown column is refused as a whole.
 *
 * What is left of an operation stays in it; one of which nothing is left goes, and with it the insert of a row that only such operations
 * referred to (it would be collected again at the end of the transaction). Where nothing is lacking the answer is the argument itself.
 */
export function fitOperations(operations: readonly Operation[], schema: ServerSchema): readonly Operation[] {
  const fitted = operations.map((operation) => fit(operation, schema))
  if (fitted.every((operation, index) => operation === operations[index])) return operations
  const wanted = namesUsed(operations)
  let kept = fitted.filter((operation) => operation !== undefined)
  for (;;) {
    const used = namesUsed(kept)
    const referred = kept.filter(({ op, 'uuid-name': name }) => op !== 'insert' || used.has(name) || !wanted.has(name))
    if (referred.length === kept.length) return kept
    kept = referred
  }
}

function fit(operation: Operation, schema: ServerSchema): Operation | undefined {
  const { op, table } = operation
  if (typeof table !== 'string') return operation
  const columns = schema.tables[table]?.columns
  if (columns === undefined) return undefined
  const isKnown = (column: unknown): boolean => typeof column === 'string' && (column === '_uuid' || column in columns)
  const { where } = operation
  if (Array.isArray(where) && !where.every((clause) => isKnown(firstOf(clause)))) return undefined
  switch (op) {
    case 'insert':
    case 'update': {
      const row = knownOf(operation.row, isKnown)
      if (row === operation.row) return operation
      return op === 'update' && Object.keys(row).length === 0 ? undefined : { ...operation, op, row }
    }
    case 'mutate': {
      const all = listOf(operation.mutations)
      const mutations = all.filter((mutation) => isKnown(firstOf(mutation)))
      if (mutations.length === all.length) return operation
      return mutations.length === 0 ? undefined : { ...operation, op, mutations }
    }
    case 'wait': {
      const all = listOf(operation.columns)
      const named = all.filter(isKnown)
      if (named.length === all.length) return operation
      const rows = listOf(operation.rows).map((row) => knownOf(row, isKnown))
      return named.length === 0 ? undefined : { ...operation, op, columns: named, rows }
    }
    case 'delete':
    case 'comment':
    case 'assert':
      return operation
  }
}

function knownOf(row: Json | undefined, isKnown: (column: string) => boolean): Readonly<Record<string, Json>> {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return {}
  const entries = Object.entries(row as Readonly<Record<string, Json>>)
  const known = entries.filter(([column]) => isKnown(column))
  return known.length === entries.length ? (row as Readonly<Record<string, Json>>) : Object.fromEntries(known)
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

function firstOf(clause: unknown): unknown {
  return Array.isArray(clause) ? clause[0] : undefined
}

/** The names in every `["named-uuid", NAME]` of the operations (RFC 7047 section 5.1). */
function namesUsed(operations: readonly Operation[]): ReadonlySet<unknown> {
  const names = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      if (value[0] === 'named-uuid') names.add(value[1])
      else value.forEach(visit)
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit)
  }
  operations.forEach(visit)
  return names
}
