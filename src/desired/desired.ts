import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { BfdConfig } from '../schema/bfd-config.js'
import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import type { McastMacsRemoteRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Vni } from '../schema/vni.js'
import { createAclReader } from './acls.js'
import { createBfdReader, type BfdSessions } from './bfd-sessions.js'
import { readBindings } from './bindings.js'
import { chooseFloodList, servedMembers } from './flood-list.js'
import { bindingKey, groupKey, type Binding, type Forwarding, type GroupKey } from './forwarding.js'
import { createLocatorDecoder } from './locators.js'
import { floodToMacs } from './mac-flooding.js'
import { createMacIndexer } from './mac-index.js'
import { keepEqual, memoLast } from './memo-last.js'
import { createNeighbourResolver, NO_NEIGHBOURS, type Neighbours } from './neighbours.js'
import { findOwnSwitch, findTunnelIp, type Gateway } from './own-switch.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'
import { NO_REMOTE_MACS, servedMacs, type RemoteMacs } from './remote-macs.js'
import { readSuppression } from './suppression.js'
import { refuseRouters } from './routers.js'
import { readSwitchKeys } from './switch-keys.js'
import { createSwitchReader, endsOf, type SwitchReading } from './switch-reader.js'
import { assignTunnelKeys } from './tunnel-keys.js'

/** What should be, as the database says it. */
export interface Desired {
  readonly forwarding: Forwarding
  /** Source address of the tunnels; undefined: nobody said one yet, and there are no tunnels. */
  readonly tunnelIp: IpAddress | undefined
  /** Logical switches with a binding on a port of this gateway, whether they carry traffic or not. */
  readonly bound: ReadonlySet<Uuid>
  /** Logical switches whose flood list is made of their remote MACs, since no row says where `unknown-dst` goes. */
  readonly floodedToMacs: ReadonlySet<Uuid>
  readonly refusals: readonly Refusal[]
}

/** What is there already and decides where the database leaves a choice. */
export interface Present extends Pick<Forwarding, 'switches' | 'floods' | 'groups' | 'origins'> {
  /** Addresses of the box. */
  readonly addresses: ReadonlySet<string>
  /** Remote VTEPs that BFD found dead, or that ask for no traffic; those without BFD are not among them. */
  readonly unreachable: ReadonlySet<IpAddress>
}

/** The tables that say what should be. */
const READ = [
  'Physical_Switch',
  'Physical_Port',
  'Logical_Switch',
  'Logical_Router',
  'Ucast_Macs_Remote',
  'Mcast_Macs_Remote',
  'Physical_Locator',
  'Physical_Locator_Set',
  'ACL',
  'ACL_entry',
] as const satisfies readonly (keyof Tables)[]

/**
 * Makes the function from the replica to what should be. The function is pure; what it keeps are results for tables and rows
 * that did not change since its last call, so that a pass costs what changed and not what the database holds. When nothing
 * did, the answer is the same object.
 */
export function createDesiredBuilder(gateway: Gateway): (replica: Replica<Tables>, present: Present) => Desired {
  const build = createRebuild(gateway)
  const bfdOf = createBfdReader()
  let last: { readonly inputs: readonly unknown[]; readonly desired: Desired } | undefined
  return (replica, present) => {
    const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === gateway.switchName)
    const bfd = bfdOf(own?.tunnels ?? [], replica.table('Tunnel'), replica.table('Physical_Locator'))
    const { switches, floods, groups, origins, addresses, unreachable } = present
    const chosen = [switches, floods, groups, origins]
    const inputs = [...READ.map((name) => replica.table(name)), bfd, ...chosen, addresses, unreachable]
    if (last === undefined || last.inputs.some((input, index) => input !== inputs[index])) {
      last = { inputs, desired: build(replica, present, bfd) }
    }
    return last.desired
  }
}

function createRebuild(
  gateway: Gateway,
): (replica: Replica<Tables>, present: Present, sessions: BfdSessions) => Desired {
  const ownOf = memoLast((switches: Table<'Physical_Switch'>, ports: Table<'Physical_Port'>) =>
    findOwnSwitch(gateway, switches, ports),
  )
  const bindingsOf = memoLast(readBindings)
  const boundIn = memoLast((bindings: readonly Binding[]) => new Set(bindings.map(({ switchId }) => switchId)))
  const keysOf = memoLast(readSwitchKeys)
  const keyedOf = memoLast(keyBindings)
  const aclsOf = memoLast(createAclReader())
  const locatorsOf = createLocatorDecoder()
  const indexMacs = createMacIndexer()
  const multicastOf = memoLast(groupBySwitch)
  const readers = createPerSwitch(createSwitchReader)
  const neighbourResolvers = createPerSwitch(createNeighbourResolver)
  const tunnelsTo = createTunnelCollector()
  const [keepSwitches, keepFloods] = [keepEqual<Uuid, Vni | null>(), keepEqual<Uuid, readonly Locator[]>()]
  const [keepGroups, keepOrigins] = [keepEqual<GroupKey, readonly Locator[]>(), keepEqual<Locator, Uuid>()]
  const keepBfd = keepEqual<IpAddress, BfdConfig>()
  const ports = new Set(gateway.ports.values())

  return (replica, present, sessions) => {
    const own = ownOf(replica.table('Physical_Switch'), replica.table('Physical_Port'))
    const tunnelIp = findTunnelIp(gateway, own.row, present.addresses)
    const logicalSwitches = replica.table('Logical_Switch')
    const { bindings, refusals: portRefusals } = bindingsOf(own, logicalSwitches, gateway.reservedVlans)
    const bound = boundIn(bindings)
    const keys = keysOf(logicalSwitches, bound, present.switches)
    const { acls, refusals: aclRefusals } = aclsOf(own, replica.table('ACL'), replica.table('ACL_entry'))
    const refusals = [
      ...keys.refusals,
      ...portRefusals,
      ...aclRefusals,
      ...refuseRouters(replica.table('Logical_Router')),
    ]

    const locators = locatorsOf(replica.table('Physical_Locator'))
    const sets = replica.table('Physical_Locator_Set')
    const macIndex = indexMacs(replica.table('Ucast_Macs_Remote'))
    const multicast = multicastOf(replica.table('Mcast_Macs_Remote'))
    const remoteMacs = new Map<Uuid, RemoteMacs['macs']>()
    const neighbours = new Map<Uuid, Neighbours>()
    const answered = new Map<Uuid, Neighbours>()
    const floods = new Map<Uuid, readonly Locator[]>()
    const groups = new Map<GroupKey, readonly Locator[]>()
    const readings = new Map<Uuid, SwitchReading>()
    const reached: Iterable<Locator>[] = []
    const floodedToMacs = new Set<Uuid>()

    readers.keepOnly(logicalSwitches)
    neighbourResolvers.keepOnly(logicalSwitches)
    for (const [id, row] of logicalSwitches) {
      const macs = macIndex.get(id)
      const rows = { row, macs, multicast: multicast.get(id) ?? NO_ROWS, sets, locators }
      const reading = readers.of(id)(rows, tunnelIp)
      readings.set(id, reading)
      const known = neighbourResolvers.of(id)(macs, row.name, reading.remote.macs, present.unreachable)
      const suppression = readSuppression(row, gateway.arpNdSuppression)
      if (suppression.isOn && tunnelIp !== undefined) answered.set(id, known.neighbours)
      for (const { refusals: more } of [reading.remote, reading.multicast, known, suppression])
        appendAll(refusals, more)
    }
    const tunnelKeys = assignTunnelKeys(keys, readings, logicalSwitches, present.origins)
    const switches = keepSwitches(tunnelKeys.switches)
    appendAll(refusals, tunnelKeys.refusals)
    if (own.row !== undefined && tunnelIp === undefined && switches.size > 0)
      refusals.push(refuseWithoutAddress(own.row))
    for (const [id, vni] of switches) {
      const [row, reading] = [logicalSwitches.get(id), readings.get(id)]
      if (row === undefined || reading === undefined) continue
      const lost = tunnelKeys.lost.get(id)
      const listOf = (members: readonly Locator[], former: readonly Locator[] | undefined): readonly Locator[] =>
        chooseFloodList(row, servedMembers(members, lost, vni), former, present.unreachable)
      const { unknown } = reading.multicast
      const flooding =
        unknown === undefined ? floodToMacs(row, reading.remote.ends, gateway.floodsToRemoteMacs) : undefined
      appendAll(refusals, flooding?.refusals ?? NO_ROWS)
      if (flooding?.locators !== undefined) floodedToMacs.add(id)
      const list =
        flooding?.locators === undefined
          ? listOf(unknown ?? NO_ROWS, present.floods.get(id))
          : servedMembers(flooding.locators, lost, vni)
      remoteMacs.set(id, tunnelIp === undefined ? NO_REMOTE_MACS.macs : servedMacs(reading.remote.macs, lost))
      neighbours.set(id, answered.get(id) ?? NO_NEIGHBOURS)
      floods.set(id, tunnelIp === undefined ? NO_ROWS : list)
      for (const [mac, members] of reading.multicast.groups) {
        const key = groupKey({ switchId: id, mac })
        groups.set(key, tunnelIp === undefined ? NO_ROWS : listOf(members, present.groups.get(key)))
      }
      // In service_node mode frames go to one member; they may come from each.
      for (const ends of endsOf(reading)) {
        reached.push(lost === undefined ? ends : [...ends].filter((end) => !lost.has(end)))
      }
    }
    const tunnels = tunnelsTo(reached, tunnelIp)
    const bfd = new Map<IpAddress, BfdConfig>()
    for (const ip of tunnels.keys()) {
      const session = sessions.get(ip)
      if (session?.config !== undefined) bfd.set(ip, session.config)
      appendAll(refusals, session?.refusals ?? NO_ROWS)
    }
    const forwarding = {
      ports,
      switches,
      bindings: keyedOf(bindings, switches),
      tunnels,
      bfd: keepBfd(bfd),
      remoteMacs,
      neighbours,
      floods: keepFloods(floods),
      groups: keepGroups(groups),
      origins: keepOrigins(tunnelIp === undefined ? new Map() : tunnelKeys.origins),
      acls,
    }
    return { forwarding, tunnelIp, bound, floodedToMacs, refusals }
  }
}

type Table<N extends keyof Tables> = ReadonlyMap<Uuid, Tables[N]>

/** One object, by which nothing is known to be as it was. */
const NO_ROWS: readonly never[] = []

function keyBindings(bindings: readonly Binding[], switches: Forwarding['switches']): Forwarding['bindings'] {
  const active = bindings.filter(({ switchId }) => switches.has(switchId))
  return new Map(active.map((binding) => [bindingKey(binding.netdev, binding.vlan), binding]))
}

/** Makes the function that finds the tunnels to all that is reached; the same object while the parts and the address are the same. */
function createTunnelCollector(): (
  reached: readonly Iterable<Locator>[],
  tunnelIp: IpAddress | undefined,
) => Forwarding['tunnels'] {
  const keep = keepEqual<IpAddress, IpAddress>()
  let last: readonly unknown[] = []
  let tunnels = keep(new Map())
  return (reached, tunnelIp) => {
    const inputs = [tunnelIp, ...reached]
    if (inputs.length !== last.length || inputs.some((input, index) => input !== last[index])) {
      const found = new Map<IpAddress, IpAddress>()
      if (tunnelIp !== undefined) for (const ends of reached) for (const end of ends) found.set(remoteOf(end), tunnelIp)
      tunnels = keep(found)
      last = inputs
    }
    return tunnels
  }
}

function refuseWithoutAddress({ _uuid, name }: PhysicalSwitchRow): Refusal {
  const reason =
    'no tunnel address: neither --tunnel-ip nor tunnel_ips says one that this box has; there are no tunnels'
  return { table: 'Physical_Switch', row: _uuid, subject: name, reason, fault: UNSPECIFIED }
}

/** Keeps what was made for each logical switch. */
function createPerSwitch<R>(make: () => R): {
  of: (id: Uuid) => R
  keepOnly: (ids: ReadonlyMap<Uuid, unknown>) => void
} {
  const made = new Map<Uuid, R>()
  return {
    of: (id) => {
      const former = made.get(id)
      if (former !== undefined) return former
      const resolver = make()
      made.set(id, resolver)
      return resolver
    },
    keepOnly: (ids) => {
      for (const id of made.keys()) if (!ids.has(id)) made.delete(id)
    },
  }
}

function groupBySwitch(table: Table<'Mcast_Macs_Remote'>): ReadonlyMap<Uuid, McastMacsRemoteRow[]> {
  const groups = new Map<Uuid, McastMacsRemoteRow[]>()
  for (const row of table.values()) {
    const group = groups.get(row.logical_switch)
    if (group === undefined) groups.set(row.logical_switch, [row])
    else group.push(row)
  }
  return groups
}

/** `push(...items)` would put 100,000 items on the stack. */
function appendAll<T>(target: T[], items: readonly T[]): void {
  for (const item of items) target.push(item)
}
