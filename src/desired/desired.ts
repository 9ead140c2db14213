import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { BfdConfig } from '../schema/bfd-config.js'
import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { McastMacsRemoteRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Vni } from '../schema/vni.js'
import { createAclReader } from './acls.js'
import { createBfdReader, type BfdSessions } from './bfd-sessions.js'
import { readBindings } from './bindings.js'
import { chooseFloodList, readUnknownDestination } from './flood-list.js'
import { bindingKey, type Binding, type Forwarding } from './forwarding.js'
import { decodeLocators, type Reach } from './locators.js'
import { floodToMacs } from './mac-flooding.js'
import { createMacIndexer } from './mac-index.js'
import { memoLast } from './memo-last.js'
import { createNeighbourResolver, NO_NEIGHBOURS, type Neighbours } from './neighbours.js'
import { findOwnSwitch, findTunnelIp, type Gateway } from './own-switch.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'
import { createRemoteMacResolver, NO_REMOTE_MACS } from './remote-macs.js'
import { readSuppression } from './suppression.js'
import { refuseRouters } from './routers.js'
import { readSwitchKeys } from './switch-keys.js'

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
export interface Present extends Pick<Forwarding, 'switches' | 'floods'> {
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
    const { switches, floods, addresses, unreachable } = present
    const inputs = [...READ.map((name) => replica.table(name)), bfd, switches, floods, addresses, unreachable]
    if (last === undefined || last.inputs.some((input, index) => input !== inputs[index])) {
      last = { inputs, desired: build(replica, present, bfd) }
    }
    return last.desired
  }
}

function createRebuild(
  gateway: Gateway,
): (replica: Replica<Tables>, present: Present, sessions: BfdSessions) => Desired {
  const locatorsOf = memoLast(decodeLocators)
  const indexMacs = createMacIndexer()
  const macResolvers = createPerSwitch(createRemoteMacResolver)
  const neighbourResolvers = createPerSwitch(createNeighbourResolver)
  const readAcls = createAclReader()

  return (replica, present, sessions) => {
    const own = findOwnSwitch(replica, gateway)
    const tunnelIp = findTunnelIp(gateway, own.row, present.addresses)
    const logicalSwitches = replica.table('Logical_Switch')
    const { bindings, refusals: portRefusals } = readBindings(own, logicalSwitches)
    const bound = new Set(bindings.map(({ switchId }) => switchId))
    const { switches, refusals: keyRefusals } = readSwitchKeys(logicalSwitches, bound, present.switches)
    const { acls, refusals: aclRefusals } = readAcls(own, replica.table('ACL'), replica.table('ACL_entry'))
    const refusals = [
      ...keyRefusals,
      ...portRefusals,
      ...aclRefusals,
      ...refuseRouters(replica.table('Logical_Router')),
    ]
    if (own.row !== undefined && tunnelIp === undefined && switches.size > 0)
      refusals.push(refuseWithoutAddress(own.row))

    const locators = locatorsOf(replica.table('Physical_Locator'))
    const macIndex = indexMacs(replica.table('Ucast_Macs_Remote'))
    const mcastRows = groupBySwitch(replica.table('Mcast_Macs_Remote').values())
    const remoteMacs = new Map<Uuid, ReadonlyMap<Mac, Locator>>()
    const neighbours = new Map<Uuid, Neighbours>()
    const floods = new Map<Uuid, readonly Locator[]>()
    const floodedToMacs = new Set<Uuid>()
    const tunnels = new Map<IpAddress, IpAddress>()

    macResolvers.keepOnly(logicalSwitches)
    neighbourResolvers.keepOnly(logicalSwitches)
    for (const [id, row] of logicalSwitches) {
      const vni = switches.get(id)
      const macs = macResolvers.of(id)(macIndex.get(id), { switchName: row.name, locators, vni, ownIp: tunnelIp })
      const known = neighbourResolvers.of(id)(macIndex.get(id), row.name, macs.macs, present.unreachable)
      const suppression = readSuppression(row, gateway.arpNdSuppression)
      const sets = replica.table('Physical_Locator_Set')
      const reach: Reach = { vni, ownIp: tunnelIp }
      const destination = readUnknownDestination(row.name, mcastRows.get(id) ?? [], sets, locators, reach)
      appendAll(refusals, macs.refusals)
      for (const reading of [known, suppression, destination]) appendAll(refusals, reading.refusals)
      if (vni === undefined) continue
      remoteMacs.set(id, tunnelIp === undefined ? NO_REMOTE_MACS.macs : macs.macs)
      neighbours.set(id, suppression.isOn && tunnelIp !== undefined ? known.neighbours : NO_NEIGHBOURS)
      const flooding = destination.isSaid ? undefined : floodToMacs(row, macs.ends, gateway.floodsToRemoteMacs)
      appendAll(refusals, flooding?.refusals ?? [])
      if (flooding?.locators !== undefined) floodedToMacs.add(id)
      const chosen =
        flooding?.locators ?? chooseFloodList(row, destination.members, present.floods.get(id), present.unreachable)
      floods.set(id, tunnelIp === undefined ? [] : chosen)
      if (tunnelIp === undefined) continue
      for (const end of macs.ends) tunnels.set(remoteOf(end), tunnelIp)
      // In service_node mode frames go to one member; they may come from each.
      for (const end of destination.members) tunnels.set(remoteOf(end), tunnelIp)
    }
    const bfd = new Map<IpAddress, BfdConfig>()
    for (const ip of tunnels.keys()) {
      const session = sessions.get(ip)
      if (session?.config !== undefined) bfd.set(ip, session.config)
      appendAll(refusals, session?.refusals ?? [])
    }
    const ports = new Set(gateway.ports.values())
    const forwarding = {
      ports,
      switches,
      bindings: keyedBindings(bindings, switches),
      tunnels,
      bfd,
      remoteMacs,
      neighbours,
      floods,
      acls,
    }
    return { forwarding, tunnelIp, bound, floodedToMacs, refusals }
  }
}

function keyedBindings(bindings: readonly Binding[], switches: ReadonlyMap<Uuid, Vni>): Forwarding['bindings'] {
  const active = bindings.filter(({ switchId }) => switches.has(switchId))
  return new Map(active.map((binding) => [bindingKey(binding.netdev, binding.vlan), binding]))
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

function groupBySwitch(rows: Iterable<McastMacsRemoteRow>): ReadonlyMap<Uuid, McastMacsRemoteRow[]> {
  const groups = new Map<Uuid, McastMacsRemoteRow[]>()
  for (const row of rows) {
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
