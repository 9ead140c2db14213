import type { Replica } from '../../src/ovsdb/replica.js'
import { hardwareVtep, type Tables } from '../../src/schema/rows.generated.js'
import { run } from '../lab/command.js'

/** Tables by name, rows by UUID, and each column as a sorted list of texts: a form that both sides below can be brought to. */
export type PlainTables = Record<string, Record<string, Record<string, readonly string[]>>>

/** What `ovsdb-client dump` says of the database: somebody else's reading of it. */
export async function dumpServer(socket: string): Promise<PlainTables> {
  const text = await run(['ovsdb-client', '--format=json', 'dump', `unix:${socket}`, 'hardware_vtep'])
  const tables: PlainTables = {}
  for (const line of text.trim().split('\n')) {
    const table = JSON.parse(line) as { caption: string; headings: string[]; data: unknown[][] }
    const rows = table.data.map((cells): [string, Record<string, readonly string[]>] => {
      const row = Object.fromEntries(table.headings.map((heading, i) => [heading, plainOfJson(cells[i])]))
      return [row._uuid?.[0] ?? '', row]
    })
    if (rows.length > 0) tables[table.caption.replace(/ table$/, '')] = Object.fromEntries(rows)
  }
  return tables
}

/** The same of a replica. */
export function dumpReplica(replica: Replica<Tables>): PlainTables {
  const tables: PlainTables = {}
  for (const name of Object.keys(hardwareVtep.tables) as (keyof Tables)[]) {
    const rows = [...replica.table(name)].map(([uuid, row]) => [
      uuid,
      Object.fromEntries(Object.entries(row as object).map(([column, value]) => [column, plainOfValue(value)])),
    ])
    if (rows.length > 0) tables[name] = Object.fromEntries(rows) as PlainTables[string]
  }
  return tables
}

/** A <value> of RFC 7047 section 5.1 in that form. */
export function plainOfJson(json: unknown): readonly string[] {
  if (!Array.isArray(json)) return [isUuid(json) ? json : JSON.stringify(json)]
  const [kind, content] = json as [string, unknown]
  if (kind === 'uuid') return [String(content)]
  const members = content as unknown[]
  if (kind === 'set') return members.flatMap(plainOfJson).sort()
  return (members as [unknown, unknown][])
    .map(([key, value]) => `${plainOfJson(key).join('')}=${plainOfJson(value).join('')}`)
    .sort()
}

function plainOfValue(value: unknown): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value.flatMap(plainOfValue).sort()
  if (!(value instanceof Map)) return [isUuid(value) ? value : JSON.stringify(value)]
  return [...(value as Map<unknown, unknown>)]
    .map(([key, mapped]) => `${plainOfValue(key).join('')}=${plainOfValue(mapped).join('')}`)
    .sort()
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
}
