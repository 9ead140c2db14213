import { transact } from '../lab/transact.js'

/** The rows that a restart must not touch: everything persistent that we or the controller wrote. */
const tables = [
  'Global',
  'Physical_Switch',
  'Physical_Port',
  'Logical_Switch',
  'Ucast_Macs_Local',
  'Ucast_Macs_Remote',
  'Mcast_Macs_Local',
  'Mcast_Macs_Remote',
  'Physical_Locator',
  'Physical_Locator_Set',
  'Tunnel',
]

/** The UUIDs of those rows, sorted, a line each with the table's name. */
export async function databaseUuids(endpoint: string): Promise<string[]> {
  const operations = tables.map((table) => ({ op: 'select', table, where: [], columns: ['_uuid'] }))
  const results = (await transact(endpoint, ...operations)) as { rows: { _uuid: [string, string] }[] }[]
  return results.flatMap(({ rows }, index) => rows.map((row) => `${tables[index]} ${row._uuid[1]}`)).sort()
}

/** What must be unique in each table, though no index of the schema says so. */
const keys = {
  Physical_Port: ['name'],
  Ucast_Macs_Local: ['MAC', 'logical_switch'],
  Mcast_Macs_Local: ['MAC', 'logical_switch'],
  Tunnel: ['remote'],
} as const

/** The keys of those rows that are there more than once. */
export async function repeatedRows(endpoint: string): Promise<string[]> {
  const operations = Object.entries(keys).map(([table, columns]) => ({ op: 'select', table, where: [], columns }))
  const results = (await transact(endpoint, ...operations)) as { rows: Record<string, unknown>[] }[]
  const seen = results.flatMap(({ rows }, index) =>
    rows.map((row) => `${Object.keys(keys)[index]} ${JSON.stringify(Object.entries(row).sort())}`),
  )
  return seen.filter((key, index) => seen.indexOf(key) !== index)
}
