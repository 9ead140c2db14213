import { tablesOf } from '../../src/ovsdb/description.js'
import { defaultValue, type Uuid } from '../../src/ovsdb/notation.js'
import type { Replica } from '../../src/ovsdb/replica.js'
import { hardwareVtep, type Tables } from '../../src/schema/rows.generated.js'

/** A UUID that shows its number and sorts by it. */
export function uuid(number: number): Uuid {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as Uuid
}

type Rows = { readonly [N in keyof Tables]?: readonly (Partial<Tables[N]> & { readonly _uuid: Uuid })[] }
type Contents = { readonly [N in keyof Tables]?: ReadonlyMap<Uuid, Tables[N]> }

/** One object, as the tables of a replica are while they do not change. */
const NONE = new Map<never, never>()

/** A replica with these rows; columns left out have their defaults. `former` lends the tables that are not given. */
export function replicaOf(rows: Rows, former?: Replica<Tables>): Replica<Tables> {
  const contents = Object.fromEntries(
    Object.entries(rows).map(([name, list]) => [
      name,
      new Map(list.map((row) => [row._uuid, { ...defaultsOf(name), ...row }])),
    ]),
  ) as unknown as Contents
  return { table: (name) => contents[name] ?? former?.table(name) ?? NONE }
}

function defaultsOf(table: string): object {
  const { columns } = tablesOf(hardwareVtep).get(table) ?? { columns: {} }
  return Object.fromEntries(Object.entries(columns).map(([column, type]) => [column, defaultValue(type)]))
}
