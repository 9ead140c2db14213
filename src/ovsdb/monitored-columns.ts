import { z } from 'zod'
import { decodeAs } from './decode.js'
import type { Selection, TableDescriptions } from './description.js'

/** The columns to monitor, by table. */
export type MonitoredColumns = ReadonlyMap<string, readonly string[]>

/** A <database-schema> of RFC 7047 section 3.2, as far as names go. */
const serverSchema = z.object({
  version: z.string(),
  tables: z.record(z.string(), z.object({ columns: z.record(z.string(), z.unknown()) })),
})

export type ServerSchema = z.infer<typeof serverSchema>

/** Reads the result of `get_schema`. @throws OvsdbError `protocol error` */
export function readServerSchema(result: unknown): ServerSchema {
  return decodeAs(serverSchema, result, 'a <database-schema>')
}

/**
 * What is wanted and what the server has, compared: monitoring a column that an older schema lacks would be an error as a whole.
 * `missing` names the rest, as `Table` or `Table.column`.
 */
export function chooseColumns<T>(
  tables: TableDescriptions,
  selection: Selection<T> | undefined,
  schema: ServerSchema,
): { columns: MonitoredColumns; missing: readonly string[] } {
  const wanted = new Map<string, readonly string[]>(
    selection ? Object.entries(selection) : [...tables].map(([table, { columns }]) => [table, Object.keys(columns)]),
  )
  const columns = new Map<string, readonly string[]>()
  const missing: string[] = []
  for (const [table, names] of wanted) {
    const known = schema.tables[table]?.columns
    if (!known) {
      missing.push(table)
      continue
    }
    columns.set(
      table,
      names.filter((name) => name in known),
    )
    missing.push(...names.filter((name) => !(name in known)).map((name) => `${table}.${name}`))
  }
  return { columns, missing }
}
