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
