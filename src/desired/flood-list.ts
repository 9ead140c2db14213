import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import { parseMulticastDestination } from '../schema/multicast-destination.js'
import type { LogicalSwitchRow, McastMacsRemoteRow, PhysicalLocatorSetRow } from '../schema/rows.generated.js'
import { resolveLocator, type Locators, type Reach } from './locators.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** The members of a logical switch's `unknown-dst`: each may send to us, and BUM goes to some or all of them. */
export interface UnknownDestination {
  /** False: no row says where unknown-dst goes. */
  readonly isSaid: boolean
  /** Sorted, without repeats, without this gateway. */
  readonly members: readonly Locator[]
  readonly refusals: readonly Refusal[]
}

/**
 * Reads the rows of Mcast_Macs_Remote of one logical switch.
 *
 * Of several `unknown-dst` rows the one with the lowest UUID stands. A row for a single group gets no list of its own: frames to
 * the group go where `unknown-dst` says, and the row is refused so that the controller learns of it.
 */
export function readUnknownDestination(
  switchName: string,
  rows: readonly McastMacsRemoteRow[],
  sets: ReadonlyMap<Uuid, PhysicalLocatorSetRow>,
  locators: Locators,
  reach: Reach,
): UnknownDestination {
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
  let standing: McastMacsRemoteRow | undefined
  for (const row of [...rows].sort((a, b) => (a._uuid < b._uuid ? -1 : 1))) {
    const destination = parseMulticastDestination(row.MAC)
    if (!destination.ok) refuse(row, destination.reason)
    else if (destination.value.kind === 'group')
      refuse(row, 'a list for a single group is not served; its frames go to unknown-dst')
    else if (standing === undefined) standing = row
    else if (standing.locator_set !== row.locator_set) refuse(row, 'another row says where unknown-dst goes')
  }
  if (standing === undefined) return { isSaid: false, members: [], refusals }

  const members = new Set<Locator>()
  for (const locator of sets.get(standing.locator_set)?.locators ?? []) {
    const reading = locators.get(locator)
    // Controllers put every VTEP into the set, this one too; a copy to ourselves would come back.
    if (reading?.ok === true && remoteOf(reading.value) === reach.ownIp) continue
    const end = resolveLocator(locators, locator, reach)
    if (end.ok) members.add(end.value)
    else refuse(standing, `${end.reason}; its other members are served`)
  }
  return { isSaid: true, members: [...members].sort(), refusals }
}

/**
 * Where BUM frames of a logical switch go.
 *
 * `source_node`: a copy to each member. `service_node`, also when the column is empty: one member, which replicates, of those
 * that BFD does not call unreachable. The present one is kept while it is such a member, or while there is none, and logical
 * switches are spread over the others by their UUID.
 */
export function chooseFloodList(
  row: LogicalSwitchRow,
  members: readonly Locator[],
  present: readonly Locator[] | undefined,
  unreachable: ReadonlySet<IpAddress>,
): readonly Locator[] {
  if (row.replication_mode === 'source_node' || members.length === 0) return members
  const [kept, ...others] = present ?? []
  const healthy = members.filter((member) => !unreachable.has(remoteOf(member)))
  const candidates = healthy.length === 0 ? members : healthy
  if (kept !== undefined && others.length === 0 && candidates.includes(kept)) return [kept]
  const chosen = candidates[spread(row._uuid) % candidates.length]
  return chosen === undefined ? [] : [chosen]
}

/** FNV-1a, 32 bits. */
function spread(uuid: Uuid): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < uuid.length; index += 1) {
    hash = Math.imul(hash ^ uuid.charCodeAt(index), 0x01000193) >>> 0
  }
  return hash
}
