import { PersistentMap, type MapDraft } from '../persistent/persistent-map.js'
import type { TableDescription, TableDescriptions } from './description.js'
import { applyDiff } from './diff.js'
import { OvsdbError, toOvsdbError } from './error.js'
import { decodeValue, defaultValue, equalValues, type Uuid, type Value } from './notation.js'
import type { RowUpdate } from './table-updates.js'

/** A row by column, `_uuid` included. Never changed after it was made. */
export type Row = Readonly<Record<string, Value>>

/** Every table of the description, empty ones too, by name. Never changed after it was made. */
export type Contents = ReadonlyMap<string, PersistentMap<Uuid, Row>>

const NO_ROWS: PersistentMap<Uuid, Row> = PersistentMap.from<Uuid, Row>([])

export function emptyContents(tables: TableDescriptions): Contents {
  return new Map([...tables.keys()].map((table) => [table, NO_ROWS]))
}

/**
 * The contents after a whole dump. Rows that equal a row of `previous` are that row, and a table without a difference is that table, so
 * that a reconnect without news changes nothing by identity.
 *
 * @throws OvsdbError `protocol error`, with table, row and column.
 */
export function replaceContents(tables: TableDescriptions, previous: Contents, dump: Iterable<RowUpdate>): Contents {
  const fresh = new Map([...tables.keys()].map((table) => [table, NO_ROWS.edit()]))
  const changed = new Set<string>()
  for (const update of dump) {
    const description = descriptionOf(tables, update)
    if (update.kind !== 'put')
      throw new OvsdbError('protocol error', `a dump has a row to ${update.kind}`, { table: update.table })
    const before = previous.get(update.table)?.get(update.uuid)
    const row = keepIdentity(description, before, buildRow(description, update))
    if (row !== before) changed.add(update.table)
    fresh.get(update.table)?.set(update.uuid, row)
  }
  return new Map(
    [...fresh].map(([table, draft]) => {
      const before = previous.get(table)
      const rows = draft.finish()
      return [table, before && !changed.has(table) && before.size === rows.size ? before : rows]
    }),
  )
}

/** Collects the updates of a batch. */
export interface Draft {
  /**
   * Takes what one message says of any row, once for each: all of it or nothing.
   *
   * @throws OvsdbError `protocol error`, with table, row and column
   */
  readonly apply: (updates: Iterable<RowUpdate>) => void
  /** The contents so far: the very ones that the draft began with when nothing differs. */
  readonly contents: () => Contents
}

export function beginDraft(tables: TableDescriptions, base: Contents): Draft {
  const drafts = new Map<string, MapDraft<Uuid, Row>>()

  const draftOf = (table: string): MapDraft<Uuid, Row> => {
    const draft = drafts.get(table) ?? (base.get(table) ?? NO_ROWS).edit()
    drafts.set(table, draft)
    return draft
  }
  /** What is to be written for an update; undefined: nothing. */
  const judge = (update: RowUpdate): (() => void) | undefined => {
    const description = descriptionOf(tables, update)
    const draft = draftOf(update.table)
    if (update.kind === 'gone') {
      return () => {
        draft.delete(update.uuid)
      }
    }
    const before = draft.get(update.uuid)
    const after = update.kind === 'put' ? buildRow(description, update) : modifyRow(description, before, update)
    const row = keepIdentity(description, before, after)
    if (row === before) return undefined
    return () => {
      draft.set(update.uuid, row)
    }
  }

  return {
    apply: (updates) => {
      for (const write of [...updates].map(judge)) write?.()
    },
    contents: () => {
      const contents = new Map([...base].map(([table, rows]) => [table, drafts.get(table)?.finish() ?? rows]))
      return [...contents].every(([table, rows]) => base.get(table) === rows) ? base : contents
    },
  }
}

type WithColumns = Extract<RowUpdate, { kind: 'put' | 'modify' }>

function descriptionOf(tables: TableDescriptions, { table }: RowUpdate): TableDescription {
  const description = tables.get(table)
  if (!description) throw new OvsdbError('protocol error', 'an update of a table that was not asked for', { table })
  return description
}

function buildRow(description: TableDescription, update: WithColumns): Row {
  const row: Record<string, Value> = { _uuid: update.uuid }
  for (const [column, type] of Object.entries(description.columns)) {
    const json = update.columns[column]
    row[column] = json === undefined ? defaultValue(type) : located(update, column, () => decodeValue(type, json))
  }
  return row
}

function modifyRow(description: TableDescription, before: Row | undefined, update: WithColumns): Row {
  if (!before)
    throw new OvsdbError('protocol error', 'a modification of a row that is not there', {
      table: update.table,
      row: update.uuid,
    })
  const row: Record<string, Value> = { ...before }
  for (const [column, json] of Object.entries(update.columns)) {
    const type = Object.hasOwn(description.columns, column) ? description.columns[column] : undefined
    if (type) row[column] = located(update, column, () => applyDiff(type, before[column], json))
  }
  return row
}

function keepIdentity(description: TableDescription, before: Row | undefined, after: Row): Row {
  if (!before) return after
  const isSame = Object.keys(description.columns).every((column) => equalValues(before[column], after[column]))
  return isSame ? before : after
}

function located(update: RowUpdate, column: string, decode: () => Value): Value {
  try {
    return decode()
  } catch (thrown) {
    const error = toOvsdbError(thrown, 'protocol error')
    throw new OvsdbError(error.code, error.details, { table: update.table, row: update.uuid, column, cause: error })
  }
}
