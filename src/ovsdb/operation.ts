import { tablesOf, type DatabaseDescription } from './description.js'
import { OvsdbError, toOvsdbError } from './error.js'
import {
  checkedId,
  encodeSet,
  encodeValue,
  type ColumnType,
  type Json,
  type NamedUuid,
  type Uuid,
  type WrittenValue,
} from './notation.js'

/** An operation of RFC 7047 section 5.2 as it goes to the server. Made by the functions of `operationsOn`. */
export type Operation = Readonly<Record<string, Json>> & {
  readonly op: 'insert' | 'update' | 'mutate' | 'delete' | 'wait' | 'comment' | 'assert'
}

/** What a successful operation answered, by kind. */
export type OperationResult =
  | { readonly kind: 'inserted'; readonly uuid: Uuid }
  | { readonly kind: 'matched'; readonly count: number }
  | { readonly kind: 'done' }

/** What may be written into a column whose rows read `V`: references may also be named, integers may be bigints. */
export type Written<V> = V extends Uuid
  ? Uuid | NamedUuid
  : V extends number
    ? number | bigint
    : V extends readonly (infer E)[]
      ? readonly Written<E>[]
      : V extends ReadonlyMap<infer K, infer E>
        ? ReadonlyMap<Written<K>, Written<E>>
        : V

/** Columns to write; those left out keep their value (update) or get their default (insert). */
export type WrittenRow<R> = { readonly [C in Exclude<keyof R, '_uuid'>]?: Written<R[C]> }

/** A <condition>: all of a list must hold; an empty list matches every row. */
export type Condition<R> = {
  readonly [C in keyof R]: readonly [C, '==' | '!=' | 'includes' | 'excludes' | '<' | '<=' | '>' | '>=', Written<R[C]>]
}[keyof R]

/** A <mutation>. For a map column, `delete` also takes a list of keys. */
export type Mutation<R> = {
  readonly [C in Exclude<keyof R, '_uuid'>]:
    | readonly [C, '+=' | '-=' | '*=' | '/=' | '%=', number | bigint]
    | readonly [C, 'insert' | 'delete', Written<R[C]>]
    | (R[C] extends ReadonlyMap<infer K, unknown> ? readonly [C, 'delete', readonly Written<K>[]] : never)
}[Exclude<keyof R, '_uuid'>]

/** A `wait` guard: the named columns of the matching rows, taken together, (do not) equal `rows`. */
export interface Guard<R> {
  readonly where: readonly Condition<R>[]
  readonly until: '==' | '!='
  readonly columns: readonly (keyof R)[]
  readonly rows: readonly WrittenRow<R>[]
  /** How long the server may wait for it; default 0: it holds now, or the transaction fails with `timed out`. */
  readonly timeoutMs?: number
}

export interface Operations<T> {
  /** `namedUuid` lets other operations of the transaction refer to the new row by `namedUuid(name)`. */
  readonly insert: <N extends keyof T & string>(table: N, row: WrittenRow<T[N]>, namedUuid?: string) => Operation
  readonly update: <N extends keyof T & string>(
    table: N,
    where: readonly Condition<T[N]>[],
    row: WrittenRow<T[N]>,
  ) => Operation
  readonly mutate: <N extends keyof T & string>(
    table: N,
    where: readonly Condition<T[N]>[],
    mutations: readonly Mutation<T[N]>[],
  ) => Operation
  readonly remove: <N extends keyof T & string>(table: N, where: readonly Condition<T[N]>[]) => Operation
  readonly wait: <N extends keyof T & string>(table: N, guard: Guard<T[N]>) => Operation
}

/**
 * The operations on one database, typed by its tables. Each function encodes at once.
 *
 * @throws OvsdbError `bad value`, with table and column, when a value does not fit its column.
 */
export function operationsOn<T>(database: DatabaseDescription<T>): Operations<T> {
  const tables = tablesOf(database)

  const typeOf = (table: string, column: string): ColumnType => {
    if (column === '_uuid') return { kind: 'scalar', key: 'uuid' }
    const type = tables.get(table)?.columns[column]
    if (!type) throw new OvsdbError('bad value', 'no such column', { table, column })
    return type
  }
  const encodeRow = (table: string, row: object): Json =>
    Object.fromEntries(
      Object.entries<WrittenValue>(row as Record<string, WrittenValue>).map(([column, value]) => [
        column,
        located(table, column, () => encodeValue(typeOf(table, column), value)),
      ]),
    )
  const encodeWhere = (table: string, where: readonly (readonly unknown[])[]): Json =>
    (where as readonly Clause[]).map(([column, operator, value]) => [
      column,
      operator,
      located(table, column, () => encodeValue(typeOf(table, column), value)),
    ])

  return {
    insert: (table, row, name) => ({
      op: 'insert',
      table,
      row: encodeRow(table, row),
      ...(name === undefined ? {} : { 'uuid-name': checkedId(name) }),
    }),
    update: (table, where, row) => ({
      op: 'update',
      table,
      where: encodeWhere(table, where),
      row: encodeRow(table, row),
    }),
    mutate: (table, where, mutations) => ({
      op: 'mutate',
      table,
      where: encodeWhere(table, where),
      mutations: (mutations as readonly Clause[]).map(([column, mutator, value]) => [
        column,
        mutator,
        located(table, column, () => encodeMutationValue(typeOf(table, column), mutator, value)),
      ]),
    }),
    remove: (table, where) => ({ op: 'delete', table, where: encodeWhere(table, where) }),
    wait: (table, guard) => ({
      op: 'wait',
      table,
      where: encodeWhere(table, guard.where),
      until: guard.until,
      columns: guard.columns.map(String),
      rows: guard.rows.map((row) => encodeRow(table, row)),
      timeout: guard.timeoutMs ?? 0,
    }),
  }
}

/** Leaves a line in the server's log of transactions. */
export function comment(text: string): Operation {
  return { op: 'comment', comment: text }
}

/** Fails the transaction with `not owner` unless this session holds the lock. */
export function assertLock(lock: string): Operation {
  return { op: 'assert', lock }
}

type Clause = readonly [column: string, operator: string, value: WrittenValue]

/** RFC 7047 section 5.1: arithmetic takes one number also on a set; `delete` on a map takes a set of keys or a map of pairs. */
function encodeMutationValue(type: ColumnType, mutator: string, value: WrittenValue): Json {
  if (mutator !== 'insert' && mutator !== 'delete') return encodeValue({ kind: 'scalar', key: type.key }, value)
  if (type.kind === 'map' && mutator === 'delete' && Array.isArray(value)) return encodeSet(type.key, value)
  return encodeValue(type, value)
}

function located<R>(table: string, column: string, encode: () => R): R {
  try {
    return encode()
  } catch (thrown) {
    const error = toOvsdbError(thrown, 'bad value')
    throw new OvsdbError(error.code, error.details, { table, column, cause: error })
  }
}
