import { z } from 'zod'
import { decodeAs } from './decode.js'
import { OvsdbError } from './error.js'
import { parseUuid, type Uuid } from './notation.js'

/** A change of one row in the server's notation: `put` has the whole row, columns with the default value left out; `modify` a difference. */
export type RowUpdate = { readonly table: string; readonly uuid: Uuid } & (
  | { readonly kind: 'put'; readonly columns: Columns }
  | { readonly kind: 'modify'; readonly columns: Columns }
  | { readonly kind: 'gone' }
)

type Columns = Readonly<Record<string, unknown>>

/** Columns are decoded by the type of each, so only the object is checked here. */
const columns = z.custom<Columns>((json) => typeof json === 'object' && json !== null && !Array.isArray(json))

/** <table-updates> of RFC 7047 section 4.1.6: `new` is the whole row, also after a modification. */
const tableUpdates = z.record(
  z.string(),
  z.record(z.string(), z.object({ old: columns.optional(), new: columns.optional() })),
)

/** <table-updates2> of ovsdb-server(7): exactly one member per row. `delete` comes with null. */
const tableUpdates2 = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      initial: columns.optional(),
      insert: columns.optional(),
      modify: columns.optional(),
      delete: z.unknown().optional(),
    }),
  ),
)

/** @throws OvsdbError `protocol error` */
export function readTableUpdates(json: unknown): RowUpdate[] {
  return flatten(decodeAs(tableUpdates, json, 'a <table-updates>'), (update) => {
    if (update.new) return { kind: 'put', columns: update.new }
    return update.old && { kind: 'gone' }
  })
}

/** @throws OvsdbError `protocol error` */
export function readTableUpdates2(json: unknown): RowUpdate[] {
  return flatten(decodeAs(tableUpdates2, json, 'a <table-updates2>'), (update) => {
    const whole = update.initial ?? update.insert
    if (whole) return { kind: 'put', columns: whole }
    if (update.modify) return { kind: 'modify', columns: update.modify }
    return 'delete' in update ? { kind: 'gone' } : undefined
  })
}

type Change = { kind: 'put' | 'modify'; columns: Columns } | { kind: 'gone' }

function flatten<U>(
  updates: Record<string, Record<string, U>>,
  changeOf: (update: U) => Change | undefined,
): RowUpdate[] {
  return Object.entries(updates).flatMap(([table, rows]) =>
    Object.entries(rows).map(([text, update]): RowUpdate => {
      const uuid = parseUuid(text)
      if (!uuid.ok) throw new OvsdbError('protocol error', uuid.reason, { table })
      const change = changeOf(update)
      if (!change) throw new OvsdbError('protocol error', 'a <row-update> without a change', { table, row: text })
      return { table, uuid: uuid.value, ...change }
    }),
  )
}
