import type { Uuid } from '../ovsdb/notation.js'
import { parseUnicastMac, type Mac } from '../schema/mac.js'
import type { UcastMacsRemoteRow } from '../schema/rows.generated.js'

/** The rows of Ucast_Macs_Remote of one logical switch: one per MAC, and those that cannot be served. */
export interface SwitchMacs {
  readonly rows: ReadonlyMap<Mac, UcastMacsRemoteRow>
  readonly refused: readonly { readonly row: UcastMacsRemoteRow; readonly reason: string }[]
}

export type MacIndex = ReadonlyMap<Uuid, SwitchMacs>
type Table = ReadonlyMap<Uuid, UcastMacsRemoteRow>

/**
 * Makes the function that groups Ucast_Macs_Remote by logical switch.
 *
 * It keeps the groups in which no row changed since the last call, as the same objects: a controller that moves one of 100,000
 * MACs costs two passes of look-ups, and the parsing of one logical switch.
 */
export function createMacIndexer(): (table: Table) => MacIndex {
  let lastTable: Table = new Map()
  let lastIndex: MacIndex = new Map()
  return (table) => {
    if (table !== lastTable) {
      lastIndex = reindex(lastTable, lastIndex, table)
      lastTable = table
    }
    return lastIndex
  }
}

function reindex(before: Table, index: MacIndex, table: Table): MacIndex {
  const touched = touchedSwitches(before, table)
  const groups = new Map<Uuid, MutableGroup>()
  for (const row of table.values()) {
    if (!touched.has(row.logical_switch)) continue
    let group = groups.get(row.logical_switch)
    if (group === undefined) groups.set(row.logical_switch, (group = { rows: new Map(), refused: [] }))
    admit(group, row)
  }
  const next = new Map<Uuid, SwitchMacs>(index)
  for (const id of touched) {
    const group = groups.get(id)
    if (group === undefined) next.delete(id)
    else next.set(id, group)
  }
  return next
}

function touchedSwitches(before: Table, table: Table): ReadonlySet<Uuid> {
  const touched = new Set<Uuid>()
  for (const [uuid, row] of table) {
    const former = before.get(uuid)
    if (former === row) continue
    touched.add(row.logical_switch)
    if (former !== undefined) touched.add(former.logical_switch)
  }
  for (const [uuid, former] of before) if (!table.has(uuid)) touched.add(former.logical_switch)
  return touched
}

interface MutableGroup {
  readonly rows: Map<Mac, UcastMacsRemoteRow>
  readonly refused: { readonly row: UcastMacsRemoteRow; readonly reason: string }[]
}

/** Of several rows for one MAC the one with the lowest UUID stands, whatever the order they came in. */
function admit(group: MutableGroup, row: UcastMacsRemoteRow): void {
  const mac = parseUnicastMac(row.MAC)
  if (!mac.ok) {
    group.refused.push({ row, reason: mac.reason })
    return
  }
  const rival = group.rows.get(mac.value)
  if (rival === undefined) {
    group.rows.set(mac.value, row)
    return
  }
  const [winner, loser] = rival._uuid < row._uuid ? [rival, row] : [row, rival]
  group.rows.set(mac.value, winner)
  // MidoNet keeps several rows per MAC; those that agree contradict nothing.
  if (winner.locator !== loser.locator) {
    group.refused.push({ row: loser, reason: `another row gives ${mac.value} to another locator` })
  }
}
