import type { IpAddress } from '../schema/ip-address.js'
import type { Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import type { Vni } from '../schema/vni.js'
import { chooseFloodList, servedMembers } from './flood-list.js'
import { groupKey, type Forwarding } from './forwarding.js'
import { floodToMacs, type MacFlooding } from './mac-flooding.js'
import { memoFields, memoLast } from './memo-last.js'
import type { Present } from './present.js'
import type { Refusal } from './refusal.js'
import { NO_REMOTE_MACS, servedMacs, type RemoteMacs } from './remote-macs.js'
import { endsOf, type SwitchReading } from './switch-reader.js'

/** What says where the frames of a logical switch that carries traffic here go. */
export interface Service {
  readonly row: LogicalSwitchRow
  readonly reading: SwitchReading
  readonly vni: Vni | null
  /** Its end points that are not served. */
  readonly lost: ReadonlySet<Locator> | undefined
  /** undefined: there are no tunnels. */
  readonly tunnelIp: IpAddress | undefined
  /** Its flood list in the kernel. */
  readonly presentFlood: readonly Locator[] | undefined
  readonly presentGroups: Present['groups']
  readonly unreachable: Present['unreachable']
  readonly healthy: Present['healthy']
}

/** Where they go. */
export interface ServedSwitch {
  readonly macs: RemoteMacs['macs']
  readonly flood: readonly Locator[]
  readonly groups: Forwarding['groups']
  /** Each end point that frames go to or come from, repeats included. */
  readonly ends: readonly Iterable<Locator>[]
  /** Whether the flood list is made of the remote MACs. */
  readonly isFloodedToMacs: boolean
  readonly refusals: readonly Refusal[]
}

/** Makes the function that says where the frames of one logical switch go: the same object while all that says it is. */
export function createSwitchServer(floodsToRemoteMacs: boolean): (service: Service) => ServedSwitch {
  const floodingOf = memoLast(floodToMacs)
  return memoFields((service) => {
    const { row, reading, lost, vni, tunnelIp, presentFlood } = service
    const { remote, multicast } = reading
    const flooding = multicast.unknown === undefined ? floodingOf(row, remote.ends, floodsToRemoteMacs) : NO_FLOODING
    const flood =
      flooding.locators === undefined
        ? listOf(service, multicast.unknown ?? NOWHERE, presentFlood)
        : servedMembers(flooding.locators, lost, vni)
    const groups = [...multicast.groups].map(([mac, members]) => listOfGroup(service, mac, members))
    // In service_node mode frames go to one member; they may come from each.
    const ends = endsOf(reading)
    return {
      macs: tunnelIp === undefined ? NO_REMOTE_MACS.macs : servedMacs(remote.macs, lost),
      flood: tunnelIp === undefined ? NOWHERE : flood,
      groups: new Map(groups),
      ends: lost === undefined ? ends : ends.map((some) => [...some].filter((end) => !lost.has(end))),
      isFloodedToMacs: flooding.locators !== undefined,
      refusals: flooding.refusals,
    }
  })
}

const NOWHERE: readonly never[] = []
const NO_FLOODING: MacFlooding = { locators: undefined, refusals: [] }

function listOf(
  { row, lost, vni, unreachable, healthy }: Service,
  members: readonly Locator[],
  present: readonly Locator[] | undefined,
): readonly Locator[] {
  return chooseFloodList(row, servedMembers(members, lost, vni), present, { unreachable, healthy })
}

function listOfGroup(
  service: Service,
  mac: Mac,
  members: readonly Locator[],
): readonly [ReturnType<typeof groupKey>, readonly Locator[]] {
  const key = groupKey({ switchId: service.row._uuid, mac })
  if (service.tunnelIp === undefined) return [key, NOWHERE]
  return [key, listOf(service, members, service.presentGroups.get(key))]
}
