import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import { ownVniOf, type Locator } from '../schema/locator.js'
import type { LogicalSwitchRow, McastMacsRemoteRow, PhysicalLocatorSetRow } from '../schema/rows.generated.js'
import { readMulticast, type MulticastReading } from './flood-list.js'
import type { Locators } from './locators.js'
import type { MacEntry } from './mac-index.js'
import { memoFields, memoLast } from './memo-last.js'
import { createRemoteMacResolver, type RemoteMacs } from './remote-macs.js'

/** The rows that say where the frames of a logical switch go. */
export interface SwitchRows {
  readonly row: LogicalSwitchRow
  readonly macs: MacEntry | undefined
  /** Its rows of Mcast_Macs_Remote; one object while they are the same. */
  readonly multicast: readonly McastMacsRemoteRow[]
  readonly sets: ReadonlyMap<Uuid, PhysicalLocatorSetRow>
  readonly locators: Locators
}

/** What they say. */
export interface SwitchReading {
  readonly remote: RemoteMacs
  readonly multicast: MulticastReading
  /** Of all end points those with a VNI of their own. */
  readonly keyed: readonly Locator[]
}

/** Makes the function that reads one logical switch: the same object while its rows say the same. */
export function createSwitchReader(): (rows: SwitchRows, ownIp: IpAddress | undefined) => SwitchReading {
  const resolveMacs = createRemoteMacResolver()
  const multicastOf = memoLast(readMulticast)
  const keyedOf = memoLast(keyedAmong)
  const readingOf = memoFields((reading: SwitchReading) => reading)
  return ({ row, macs, multicast: rows, sets, locators }, ownIp) => {
    const remote = resolveMacs(macs, { switchName: row.name, locators, ownIp })
    const multicast = multicastOf(row.name, rows, sets, locators, ownIp)
    return readingOf({ remote, multicast, keyed: keyedOf(remote.ends, multicast) })
  }
}

/** All end points of a logical switch, repeats included. */
export function endsOf({ remote, multicast }: SwitchReading): readonly Iterable<Locator>[] {
  return [remote.ends, multicast.unknown ?? [], ...multicast.groups.values()]
}

function keyedAmong(ends: RemoteMacs['ends'], { unknown, groups }: MulticastReading): readonly Locator[] {
  const all = new Set([...ends, ...(unknown ?? []), ...[...groups.values()].flat()])
  return [...all].filter((end) => ownVniOf(end) !== undefined)
}
