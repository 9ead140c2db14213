import type { Uuid } from '../ovsdb/notation.js'
import { PersistentMap } from '../persistent/persistent-map.js'
import type { Mac } from '../schema/mac.js'
import type { UcastMacsRemoteRow } from '../schema/rows.generated.js'
import type { StationAddress } from '../schema/station-address.js'
import { createSwitchAddresses, type SwitchAddresses } from './switch-addresses.js'
import { createSwitchMacs, type SwitchMacs } from './switch-macs.js'

/** The rows of one logical switch at a revision. The rows are brought up to date in place: only the newest entry may be read. */
export interface MacEntry {
  readonly macs: SwitchMacs
  readonly addresses: SwitchAddresses
  /** Another number for each change, over all logical switches. */
  readonly revision: number
  /** The revision before, and the MACs and addresses that may differ from it. */
  readonly since: {
    readonly revision: number
    readonly changed: readonly Mac[]
    readonly changedAddresses: readonly StationAddress[]
  }
}

export type MacIndex = ReadonlyMap<Uuid, MacEntry>
type Table = ReadonlyMap<Uuid, UcastMacsRemoteRow>

/**
 * Makes the function that groups Ucast_Macs_Remote by logical switch. Entries of logical switches in which no row changed
 * since the last call are the same objects: one of 100,000 MACs that moves costs itself.
 */
export function createMacIndexer(): (table: Table) => MacIndex {
  let lastTable: Table = new Map()
  let lastIndex: MacIndex = new Map()
  let revision = 0
  return (table) => {
    if (table === lastTable) return lastIndex
    const next = new Map(lastIndex)
    for (const [id, { gone, come }] of compareTables(lastTable, table)) {
      const former = next.get(id)
      const macs = former?.macs ?? createSwitchMacs()
      const addresses = former?.addresses ?? createSwitchAddresses()
      const changed = macs.replace(gone, come)
      const changedAddresses = addresses.replace(gone, come)
      revision += 1
      if (macs.isEmpty()) next.delete(id)
      else {
        const since = { revision: former?.revision ?? 0, changed, changedAddresses }
        next.set(id, { macs, addresses, revision, since })
      }
    }
    lastTable = table
    lastIndex = next
    return next
  }
}

interface Change {
  readonly gone: UcastMacsRemoteRow[]
  readonly come: UcastMacsRemoteRow[]
}

/** What changed, by logical switch. */
function compareTables(before: Table, table: Table): ReadonlyMap<Uuid, Change> {
  const changes = new Map<Uuid, Change>()
  const changeOf = (id: Uuid): Change => {
    let change = changes.get(id)
    if (change === undefined) changes.set(id, (change = { gone: [], come: [] }))
    return change
  }
  PersistentMap.differences(before, table, (_, former, row) => {
    if (former !== undefined) changeOf(former.logical_switch).gone.push(former)
    if (row !== undefined) changeOf(row.logical_switch).come.push(row)
  })
  return changes
}
