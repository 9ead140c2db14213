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

/** Members of any name, each decoded by itself: a schema of a record would pass over one that is called `__proto__`. */
const members = z.custom<Columns>((json) => typeof json === 'object' && json !== null && !Array.isArray(json))

/** <row-update> of RFC 7047 section 4.1.6: `new` is the whole row, also after a modification. */
const rowUpdate = z.object({ old: members.optional(), new: members.optional() })

/** <row-update2> of ovsdb-server(7): exactly one member per row. `delete` comes with null. */
const rowUpdate2 = z.object({
  initial: members.optional(),
  insert: members.optional(),
  modify: members.optional(),
  delete: z.unknown().optional(),
})

/**
 * Reads row by row, as the updates are asked for: a dump of 100,000 rows is not there once more as updates.
 *
 * @throws OvsdbError `protocol error`, also while the updates are walked through
 */
export function readTableUpdates(json: unknown): Iterable<RowUpdate> {
  return flatten(rowUpdate, json, 'a <table-updates>', (update) => {
    if (update.new) return { kind: 'put', columns: update.new }
    return update.old && { kind: 'gone' }
  })
}

/** As `readTableUpdates`. */
export function readTableUpdates2(json: unknown): Iterable<RowUpdate> {
  return flatten(rowUpdate2, json, 'a <table-updates2>', (update) => {
    const whole = update.initial ?? update.insert
    if (whole) return { kind: 'put', columns: whole }
    if (update.modify) return { kind: 'modify', columns: update.modify }
    return 'delete' in update ? { kind: 'gone' } : undefined
  })
}

type Change = { kind: 'put' | 'modify'; columns: Columns } | { kind: 'gone' }

function* flatten<S extends z.ZodType>(
  schema: S,
  json: unknown,
  what: string,
  changeOf: (update: z.infer<S>) => Change | undefined,
): Generator<RowUpdate, undefined> {
  for (const [table, rowsJson] of Object.entries(decodeAs(members, json, what))) {
    const rows = decodeAs(members, rowsJson, what)
    for (const text of Object.keys(rows)) {
      const uuid = parseUuid(text)
      if (!uuid.ok) throw new OvsdbError('protocol error', uuid.reason, { table })
      const change = changeOf(decodeAs(schema, rows[text], what))
      if (!change) throw new OvsdbError('protocol error', 'a <row-update> without a change', { table, row: text })
      yield { table, uuid: uuid.value, ...change }
    }
  }
  return undefined
}
