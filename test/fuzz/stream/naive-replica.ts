import type { ColumnType } from '../../../src/ovsdb/notation.js'
import { hardwareVtep } from '../../../src/schema/rows.generated.js'
import { plainOfJson, type PlainTables } from '../../ovsdb/server-dump.js'
import { textsOf } from './texts.js'

type Json = Record<string, unknown>

/** A reading of the protocol that shares no code with the client: whole tables by plain objects, each message by itself. */
export interface NaiveReplica {
  /** The client connects again. */
  readonly connected: () => void
  /** Takes a message that the client accepted; `sent` is what the client had sent before. Throws where it makes no sense. */
  readonly take: (text: string, sent: string) => void
  readonly tables: () => PlainTables
}

type Rows = Map<string, Map<string, Json>>

const columnsOf = new Map(
  Object.entries(hardwareVtep.tables).map(([table, { columns }]) => [
    table,
    new Map(Object.entries(columns as Record<string, ColumnType>)),
  ]),
)

export function naiveReplica(): NaiveReplica {
  let rows: Rows = new Map()
  let answered = new Set<unknown>()

  const reply = ({ id, result, error }: Json, sent: string) => {
    const method = requestsIn(sent).find((request) => request.id === id && request.method !== undefined)?.method
    if (method === undefined || answered.has(id)) return
    answered.add(id)
    if (isThere(error)) return
    if (method === 'monitor') replace(fromUpdates(result as Json))
    if (method === 'monitor_cond') replace(fromUpdates2(result as Json))
    if (method === 'monitor_cond_since') {
      const [isFound, , updates] = result as [boolean, string, Json]
      if (isFound) fromUpdates2(updates).forEach(change)
      else replace(fromUpdates2(updates))
    }
  }
  const notify = (method: unknown, params: readonly unknown[]) => {
    if (method === 'update') fromUpdates(params[1] as Json).forEach(change)
    if (method === 'update2') fromUpdates2(params[1] as Json).forEach(change)
    if (method === 'update3') fromUpdates2(params[2] as Json).forEach(change)
  }
  const replace = (changes: readonly Change[]) => {
    rows = new Map()
    changes.forEach(change)
  }
  const change = ({ table, uuid, kind, columns = {} }: Change) => {
    const types = columnsOf.get(table)
    if (types === undefined) throw new Error(`no table ${table}`)
    const ofTable = rows.get(table) ?? new Map<string, Json>()
    rows.set(table, ofTable)
    const before = ofTable.get(uuid)
    if (kind === 'delete') ofTable.delete(uuid)
    else if (kind === 'put') ofTable.set(uuid, { ...columns })
    else {
      if (before === undefined) throw new Error(`no row ${uuid}`)
      const after: Json = { ...before }
      for (const [column, type] of types) {
        if (Object.hasOwn(columns, column)) after[column] = differing(type, before[column], columns[column])
      }
      ofTable.set(uuid, after)
    }
  }

  return {
    connected: () => {
      answered = new Set()
    },
    take: (text, sent) => {
      const message = JSON.parse(text) as Json
      const { method, params = [], id } = message
      if (typeof method !== 'string' || !Array.isArray(params)) reply(message, sent)
      else if (!isThere(id)) notify(method, params)
    },
    tables: () => {
      const all = [...rows].filter(([, ofTable]) => ofTable.size > 0)
      return Object.fromEntries(all.map(([table, ofTable]) => [table, plainRows(table, ofTable)]))
    },
  }
}

function requestsIn(sent: string): readonly Json[] {
  return textsOf(Buffer.from(sent)).texts.map((text) => JSON.parse(text.toString()) as Json)
}

interface Change {
  readonly table: string
  readonly uuid: string
  readonly kind: 'put' | 'modify' | 'delete'
  readonly columns?: Json | undefined
}

function eachRow(updates: Json, read: (update: Json) => Omit<Change, 'table' | 'uuid'>): Change[] {
  return Object.entries(updates).flatMap(([table, ofTable]) =>
    Object.entries(ofTable as Json).map(([uuid, update]) => ({
      table,
      uuid: uuid.toLowerCase(),
      ...read(update as Json),
    })),
  )
}

/** RFC 7047 section 4.1.6 */
function fromUpdates(updates: Json): Change[] {
  return eachRow(updates, (update) =>
    update.new === undefined ? { kind: 'delete' } : { kind: 'put', columns: update.new as Json },
  )
}

/** ovsdb-server(7), "Update2 Notification" */
function fromUpdates2(updates: Json): Change[] {
  return eachRow(updates, (update) => {
    const whole = (update.initial ?? update.insert) as Json | undefined
    if (whole !== undefined) return { kind: 'put', columns: whole }
    return update.modify === undefined ? { kind: 'delete' } : { kind: 'modify', columns: update.modify as Json }
  })
}

/** In the server's notation: a set and a map as lists of texts of their members. */
function differing(type: ColumnType, before: unknown, diff: unknown): unknown {
  if (type.kind === 'scalar' || type.kind === 'optional') return diff
  const members = (json: unknown): unknown[] => {
    if (json === undefined) return []
    return Array.isArray(json) && (json[0] === 'set' || json[0] === 'map') ? (json[1] as unknown[]) : [json]
  }
  if (type.kind === 'set') {
    const texts = (json: unknown) => new Set(members(json).map((member) => JSON.stringify(canonical(member))))
    const [present, changed] = [texts(before), texts(diff)]
    const kept = [...present].filter((member) => !changed.has(member))
    const added = [...changed].filter((member) => !present.has(member))
    return ['set', [...kept, ...added].map((text) => JSON.parse(text) as unknown)]
  }
  const pairs = (json: unknown) =>
    new Map(
      (members(json) as [unknown, unknown][]).map(([key, value]) => [JSON.stringify(canonical(key)), canonical(value)]),
    )
  const after = pairs(before)
  for (const [key, value] of pairs(diff)) {
    if (JSON.stringify(after.get(key)) === JSON.stringify(value)) after.delete(key)
    else after.set(key, value)
  }
  return ['map', [...after].map(([key, value]) => [JSON.parse(key) as unknown, value])]
}

/** UUIDs are the same in either case. */
function canonical(atom: unknown): unknown {
  return Array.isArray(atom) && atom[0] === 'uuid' ? ['uuid', String(atom[1]).toLowerCase()] : atom
}

function plainRows(table: string, rows: ReadonlyMap<string, Json>): PlainTables[string] {
  return Object.fromEntries([...rows].map(([uuid, row]) => [uuid, plainRow(table, uuid, row)]))
}

function plainRow(table: string, uuid: string, row: Json): PlainTables[string][string] {
  const types = [...(columnsOf.get(table) ?? [])]
  const plain = types.map(([column, type]): [string, readonly string[]] => [column, plainColumn(type, row[column])])
  return { _uuid: [uuid], ...Object.fromEntries(plain) }
}

const absent = {
  integer: 0,
  real: 0,
  boolean: false,
  string: '',
  uuid: ['uuid', '00000000-0000-0000-0000-000000000000'],
}

function plainColumn(type: ColumnType, json: unknown): readonly string[] {
  if (json === undefined) return type.kind === 'scalar' ? plainOfJson(absent[type.key]) : []
  // Repeats say nothing more, in a set as in the keys of a map.
  const isMany = type.kind === 'set' || type.kind === 'map'
  return plainOfJson(isMany ? differing(type, undefined, json) : canonical(json))
}

function isThere(member: unknown): boolean {
  return member !== undefined && member !== null
}
