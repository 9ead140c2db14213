import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import { locatorOf, ownVniOf, remoteOf, type Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import { parseMulticastDestination, unknownDst } from '../schema/multicast-destination.js'
import type { LogicalSwitchRow, McastMacsRemoteRow, PhysicalLocatorSetRow } from '../schema/rows.generated.js'
import type { Vni } from '../schema/vni.js'
import { resolveLocator, type Locators } from './locators.js'
import type { Present } from './present.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** What a logical switch's rows of Mcast_Macs_Remote name. Each end point may send to us, and frames go to some or all of a list. */
export interface MulticastReading {
  /** The members of `unknown-dst`: sorted, without repeats, without this gateway. undefined: no row says where it is. */
  readonly unknown: readonly Locator[] | undefined
  /** Those of each group that has a row of its own, in the same way. */
  readonly groups: ReadonlyMap<Mac, readonly Locator[]>
  readonly refusals: readonly Refusal[]
}

/**
 * Reads the rows of Mcast_Macs_Remote of one logical switch.
 *
 * Of several rows for one destination the one with the lowest UUID stands. The broadcast address is a group like any other: broadcast
 * goes where `unknown-dst` says unless a row names ff:ff:ff:ff:ff:ff.
 */
export function readMulticast(
  switchName: string,
  rows: readonly McastMacsRemoteRow[],
  sets: ReadonlyMap<Uuid, PhysicalLocatorSetRow>,
  locators: Locators,
  ownIp: IpAddress | undefined,
): MulticastReading {
  const refusals: Refusal[] = []
  const refuse = (row: McastMacsRemoteRow, reason: string): void => {
    refusals.push({
      table: 'Mcast_Macs_Remote',
      row: row._uuid,
      subject: `${row.MAC} in ${switchName}`,
      reason,
      fault: UNSPECIFIED,
    })
  }
  const standing = new Map<Mac | typeof unknownDst, McastMacsRemoteRow>()
  for (const row of [...rows].sort((a, b) => (a._uuid < b._uuid ? -1 : 1))) {
    const destination = parseMulticastDestination(row.MAC)
    if (!destination.ok) {
      refuse(row, destination.reason)
      continue
    }
    const name = destination.value.kind === 'group' ? destination.value.mac : unknownDst
    const rival = standing.get(name)
    if (rival === undefined) standing.set(name, row)
    else if (rival.locator_set !== row.locator_set) refuse(row, `row ${rival._uuid} says where ${name} goes`)
  }
  const membersOf = (row: McastMacsRemoteRow): readonly Locator[] => {
    const members = new Set<Locator>()
    for (const id of sets.get(row.locator_set)?.locators ?? []) {
      const reading = locators.get(id)
      // Controllers put every VTEP into the set, this one too; a copy to ourselves would come back.
      if (reading?.ok === true && remoteOf(reading.value) === ownIp) continue
      const end = resolveLocator(locators, id, ownIp)
      if (end.ok) members.add(end.value)
      else refuse(row, `${end.reason}; its other members are served`)
    }
    return [...members].sort()
  }
  let unknown: readonly Locator[] | undefined
  const groups = new Map<Mac, readonly Locator[]>()
  for (const [name, row] of standing) {
    if (name === unknownDst) unknown = membersOf(row)
    else groups.set(name, membersOf(row))
  }
  return { unknown, groups, refusals }
}

/**
 * Where BUM frames of a logical switch go.
 *
 * `source_node`: a copy to each member. `service_node`, also when the column is empty: one member, which replicates: of those
 * that BFD knows to be healthy; where there is none, of those without BFD, and then of all. The present one is kept while it is
 * among them, and logical switches are spread over the others by their UUID.
 */
export function chooseFloodList(
  row: LogicalSwitchRow,
  members: readonly Locator[],
  present: readonly Locator[] | undefined,
  { healthy, unreachable }: Pick<Present, 'healthy' | 'unreachable'>,
): readonly Locator[] {
  if (row.replication_mode === 'source_node' || members.length === 0) return members
  const [kept, ...others] = present ?? []
  const known = members.filter((member) => healthy.has(remoteOf(member)))
  const unjudged = members.filter((member) => !unreachable.has(remoteOf(member)))
  const candidates = [known, unjudged].find((some) => some.length > 0) ?? members
  if (present !== undefined && kept !== undefined && others.length === 0 && candidates.includes(kept)) return present
  const chosen = candidates[spread(row._uuid) % candidates.length]
  return chosen === undefined ? [] : [chosen]
}

/**
 * The members of a list that are served.
 *
 * @param vni of the logical switch: a VTEP that is named with just this key, too, gets one copy.
 */
export function servedMembers(
  members: readonly Locator[],
  lost: ReadonlySet<Locator> | undefined,
  vni: Vni | null,
): readonly Locator[] {
  if (members.every((member) => ownVniOf(member) === undefined)) {
    return lost === undefined ? members : members.filter((member) => !lost.has(member))
  }
  const served = new Set(members.filter((member) => lost?.has(member) !== true))
  return [...served].filter((member) => {
    const isRepeat = ownVniOf(member) === undefined && vni !== null && served.has(locatorOf(remoteOf(member), vni))
    return !isRepeat
  })
}

/** FNV-1a, 32 bits. */
function spread(uuid: Uuid): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < uuid.length; index += 1) {
    hash = Math.imul(hash ^ uuid.charCodeAt(index), 0x01000193) >>> 0
  }
  return hash
}
