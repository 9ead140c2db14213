import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { PersistentMap } from '../persistent/persistent-map.js'
import type { Tables } from '../schema/rows.generated.js'

/** Each locator that rows of the remote tables name, with the logical switches of those rows and how many of each name it. */
export type RemoteLocators = ReadonlyMap<Uuid, ReadonlyMap<Uuid, number>>

/**
 * Makes the function that finds them. The answer is brought up to date in place, so that one of 100,000 MACs that moves costs itself:
 * only the newest may be read.
 */
export function createRemoteLocatorReader(): (replica: Replica<Tables>) => RemoteLocators {
  const census = new Map<Uuid, Map<Uuid, number>>()
  let last: Read = { unicast: new Map(), multicast: new Map(), sets: new Map() }
  return (replica) => {
    const [former, now] = [last, read(replica)]
    last = now
    PersistentMap.differences(former.unicast, now.unicast, (_, before, after) => {
      if (after !== undefined) count(census, after.locator, after.logical_switch, 1)
      if (before !== undefined) count(census, before.locator, before.logical_switch, -1)
    })
    // Physical_Locator_Set.locators is immutable: a row that is as it was names what it named.
    PersistentMap.differences(former.multicast, now.multicast, (_, before, after) => {
      if (after !== undefined)
        for (const id of membersOf(now, after.locator_set)) count(census, id, after.logical_switch, 1)
      if (before !== undefined)
        for (const id of membersOf(former, before.locator_set)) count(census, id, before.logical_switch, -1)
    })
    return census
  }
}

interface Read {
  readonly unicast: ReadonlyMap<Uuid, Tables['Ucast_Macs_Remote']>
  readonly multicast: ReadonlyMap<Uuid, Tables['Mcast_Macs_Remote']>
  readonly sets: ReadonlyMap<Uuid, Tables['Physical_Locator_Set']>
}

function read(replica: Replica<Tables>): Read {
  return {
    unicast: replica.table('Ucast_Macs_Remote'),
    multicast: replica.table('Mcast_Macs_Remote'),
    sets: replica.table('Physical_Locator_Set'),
  }
}

function membersOf({ sets }: Read, set: Uuid): readonly Uuid[] {
  return sets.get(set)?.locators ?? []
}

function count(census: Map<Uuid, Map<Uuid, number>>, locator: Uuid, logicalSwitch: Uuid, by: 1 | -1): void {
  const switches = census.get(locator) ?? new Map<Uuid, number>()
  const left = (switches.get(logicalSwitch) ?? 0) + by
  if (left === 0) switches.delete(logicalSwitch)
  else switches.set(logicalSwitch, left)
  if (switches.size === 0) census.delete(locator)
  else census.set(locator, switches)
}
