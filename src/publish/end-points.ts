import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { PhysicalLocatorRow, Tables } from '../schema/rows.generated.js'
import type { Draft, RowRef } from './draft.js'

/** Our own end of the tunnels as rows. They are made when something first refers to them, and are collected with the last. */
export interface OwnEndPoint {
  readonly locator: () => RowRef
  /** A set of just our own locator. */
  readonly locatorSet: () => RowRef
  /** Whether a row that is there says just this. */
  readonly isLocator: (id: Uuid) => boolean
  readonly isLocatorSet: (id: Uuid) => boolean
}

/** The locator of each address: the one without a key of its own, else the one with the lowest UUID. */
export type LocatorIndex = ReadonlyMap<string, PhysicalLocatorRow>

export function indexLocators(rows: Iterable<PhysicalLocatorRow>): LocatorIndex {
  const index = new Map<string, PhysicalLocatorRow>()
  for (const row of rows) {
    const rival = index.get(row.dst_ip)
    if (rival === undefined || precedes(row, rival)) index.set(row.dst_ip, row)
  }
  return index
}

function precedes(a: PhysicalLocatorRow, b: PhysicalLocatorRow): boolean {
  const [aHasKey, bHasKey] = [a.tunnel_key !== undefined, b.tunnel_key !== undefined]
  return aHasKey === bHasKey ? a._uuid < b._uuid : bHasKey
}

/**
 * Physical_Locator rows are shared: a controller may have made ours, and a second one with the same columns is refused as a
 * constraint violation. So they are looked up before they are made. Ours has no tunnel_key: it serves every logical switch, and one with
 * a key is another row to the database.
 */
export function ownEndPoint(
  draft: Draft,
  replica: Replica<Tables>,
  index: LocatorIndex,
  ownIp: IpAddress,
): OwnEndPoint {
  const sets = replica.table('Physical_Locator_Set')
  const found = index.get(ownIp)
  const existing = found?.tunnel_key === undefined ? found?._uuid : undefined
  let locator: RowRef | undefined = existing
  let locatorSet: RowRef | undefined

  const isLocatorSet = (id: Uuid): boolean => {
    const members = sets.get(id)?.locators ?? []
    return existing !== undefined && members.length === 1 && members[0] === existing
  }
  const ownLocator = (): RowRef =>
    (locator ??= draft.insert('Physical_Locator', { encapsulation_type: 'vxlan_over_ipv4', dst_ip: ownIp }))
  return {
    locator: ownLocator,
    locatorSet: () =>
      (locatorSet ??=
        [...sets.keys()].find(isLocatorSet) ?? draft.insert('Physical_Locator_Set', { locators: [ownLocator()] })),
    isLocator: (id) => id === existing,
    isLocatorSet,
  }
}

/**
 * Tells which rows of the *_Macs_Local tables are ours. Where this gateway is the only switch of the database, all are; else
 * those at an address that is ours, or was when we last wrote.
 */
export function ownershipOf(
  replica: Replica<Tables>,
  switchName: string,
  ownIp: IpAddress | undefined,
): (locator: Uuid) => boolean {
  const switches = [...replica.table('Physical_Switch').values()]
  if (switches.every(({ name }) => name === switchName)) return () => true
  const addresses = new Set<string>(switches.find(({ name }) => name === switchName)?.tunnel_ips)
  if (ownIp !== undefined) addresses.add(ownIp)
  const locators = replica.table('Physical_Locator')
  return (id) => {
    const row = locators.get(id)
    return row !== undefined && addresses.has(row.dst_ip)
  }
}
