import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Locator } from '../schema/locator.js'
import type { PhysicalPortRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Vni } from '../schema/vni.js'
import { createAclReader } from './acls.js'
import { createBfdReader, type BfdSessions } from './bfd-sessions.js'
import { readBindings } from './bindings.js'
import { bindingKey, type Binding, type Forwarding } from './forwarding.js'
import { keepEqual, memoLast } from './memo-last.js'
import { findOwnSwitch, findTunnelIp, type Gateway } from './own-switch.js'
import type { Present } from './present.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'
import { refuseRouters } from './routers.js'
import { readSwitchKeys } from './switch-keys.js'
import { createSwitchesReader } from './switches-reader.js'
import { createSwitchesServer } from './switches-server.js'
import { assignTunnelKeys } from './tunnel-keys.js'
import { createTunnelCollector } from './tunnels.js'

/** What should be, as the database says it. */
export interface Desired {
  readonly forwarding: Forwarding
  /** Source address of the tunnels; undefined: nobody said one yet, and there are no tunnels. */
  readonly tunnelIp: IpAddress | undefined
  /** The bindings that can be served, whether their logical switch carries traffic or not. */
  readonly bindings: readonly Binding[]
  /** Logical switches with a binding on a port of this gateway, whether they carry traffic or not. */
  readonly bound: ReadonlySet<Uuid>
  readonly refusals: readonly Refusal[]
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
    const { switches, floods, groups, origins, addresses, unreachable, healthy } = present
    const chosen = [switches, floods, groups, origins]
    const inputs = [...READ.map((name) => replica.table(name)), bfd, ...chosen, addresses, unreachable, healthy]
    if (last === undefined || last.inputs.some((input, index) => input !== inputs[index])) {
      last = { inputs, desired: build(replica, present, bfd) }
    }
    return last.desired
  }
}

function createRebuild(
  gateway: Gateway,
): (replica: Replica<Tables>, present: Present, sessions: BfdSessions) => Desired {
  const ownOf = memoLast((switches: ReadonlyMap<Uuid, PhysicalSwitchRow>, ports: ReadonlyMap<Uuid, PhysicalPortRow>) =>
    findOwnSwitch(gateway, switches, ports),
  )
  const bindingsOf = memoLast(readBindings)
  const boundIn = memoLast((bindings: readonly Binding[]) => new Set(bindings.map(({ switchId }) => switchId)))
  const aclsOf = memoLast(createAclReader())
  const readSwitches = createSwitchesReader(gateway)
  const keysOf = memoLast(readSwitchKeys)
  const keyedOf = memoLast(keyBindings)
  const serveSwitches = createSwitchesServer(gateway)
  const tunnelsTo = createTunnelCollector()
  const [keepSwitches, keepOrigins] = [keepEqual<Uuid, Vni | null>(), keepEqual<Locator, Uuid>()]
  const ports = new Set(gateway.ports.values())

  return (replica, present, sessions) => {
    const own = ownOf(replica.table('Physical_Switch'), replica.table('Physical_Port'))
    const tunnelIp = findTunnelIp(gateway, own.row, present.addresses)
    const logicalSwitches = replica.table('Logical_Switch')
    const bindings = bindingsOf(own, logicalSwitches, gateway.reservedVlans)
    const bound = boundIn(bindings.bindings)
    const acls = aclsOf(own, replica.table('ACL'), replica.table('ACL_entry'))
    const readings = readSwitches(replica, tunnelIp, present.unreachable)

    const ownKeys = keysOf(logicalSwitches, bound, present.switches)
    const keys = assignTunnelKeys(ownKeys, readings.bySwitch, logicalSwitches, present.origins)
    const switches = keepSwitches(keys.switches)
    const origins = keepOrigins(tunnelIp === undefined ? new Map() : keys.origins)
    const served = serveSwitches(logicalSwitches, readings, { switches, lost: keys.lost }, tunnelIp, present)
    const { remoteMacs, neighbours, floods, groups, floodedToMacs } = served
    const { tunnels, bfd, refusals: bfdRefusals } = tunnelsTo(served.reached, tunnelIp, sessions)

    const isWithoutAddress = own.row !== undefined && tunnelIp === undefined && switches.size > 0
    const refusals = [
      ownKeys.refusals,
      bindings.refusals,
      acls.refusals,
      refuseRouters(replica.table('Logical_Router')),
      readings.refusals,
      keys.refusals,
      isWithoutAddress ? [refuseWithoutAddress(own.row)] : [],
      served.refusals,
      bfdRefusals,
    ]
    const forwarding = {
      ports,
      switches,
      bindings: keyedOf(bindings.bindings, switches),
      tunnels,
      bfd,
      remoteMacs,
      neighbours,
      floods,
      floodedToMacs,
      groups,
      origins,
      acls: acls.acls,
    }
    return { forwarding, tunnelIp, bindings: bindings.bindings, bound, refusals: refusals.flat() }
  }
}

function keyBindings(bindings: readonly Binding[], switches: Forwarding['switches']): Forwarding['bindings'] {
  const active = bindings.filter(({ switchId }) => switches.has(switchId))
  return new Map(active.map((binding) => [bindingKey(binding.netdev, binding.vlan), binding]))
}

function refuseWithoutAddress({ _uuid, name }: PhysicalSwitchRow): Refusal {
  const reason =
    'no tunnel address: neither --tunnel-ip nor tunnel_ips says one that this box has; there are no tunnels'
  return { table: 'Physical_Switch', row: _uuid, subject: name, reason, fault: UNSPECIFIED }
}
