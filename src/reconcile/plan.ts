import type {
  AclSpec,
  BfdSpec,
  BindingSpec,
  FloodSpec,
  GroupSpec,
  NeighbourSpec,
  OriginSpec,
  PortSpec,
  RemoteMacSpec,
  SwitchSpec,
  TunnelSpec,
} from '../datapath/datapath.js'
import { groupOf, type Forwarding, type GroupKey } from '../desired/forwarding.js'
import type { Uuid } from '../ovsdb/notation.js'
import { lineOf } from '../schema/acl-rule.js'
import type { Locator } from '../schema/locator.js'
import type { Vni } from '../schema/vni.js'
import { closedRules } from './closed-rules.js'
import { diffTables, sameFields, sameList } from './diff.js'

/** One call of the data plane; what goes is named by its whole former entry. */
export type Step =
  | { readonly kind: 'putPorts' | 'removePorts'; readonly entries: readonly PortSpec[] }
  | { readonly kind: 'putSwitches' | 'removeSwitches'; readonly entries: readonly SwitchSpec[] }
  | { readonly kind: 'putTunnels' | 'removeTunnels'; readonly entries: readonly TunnelSpec[] }
  | { readonly kind: 'putBfd' | 'removeBfd'; readonly entries: readonly BfdSpec[] }
  | { readonly kind: 'putBindings' | 'removeBindings'; readonly entries: readonly BindingSpec[] }
  | { readonly kind: 'putRemoteMacs' | 'removeRemoteMacs'; readonly entries: readonly RemoteMacSpec[] }
  | { readonly kind: 'putNeighbours' | 'removeNeighbours'; readonly entries: readonly NeighbourSpec[] }
  | { readonly kind: 'putFloods'; readonly entries: readonly FloodSpec[] }
  | { readonly kind: 'putGroups' | 'removeGroups'; readonly entries: readonly GroupSpec[] }
  | { readonly kind: 'putOrigins' | 'removeOrigins'; readonly entries: readonly OriginSpec[] }
  | { readonly kind: 'putAcls' | 'removeAcls'; readonly entries: readonly AclSpec[] }

/**
 * The calls that make `applied` into `desired`, in order: all that is new comes before anything goes, and what an entry refers
 * to is there as long as the entry is. A key of locators is in use before that of the logical switch goes. An ACL is there
 * before the first frame of a binding and until after the last, and no frame of a binding is judged by a list that was not
 * meant for it: where a list is replaced by another, what leaves or moves is taken out before. A neighbour that goes does so
 * first, since its question is flooded then and nothing is lost.
 *
 * Putting replaces: a binding moves to another logical switch, a VNI to another owner, without a moment in between. A logical
 * switch that goes takes its MACs, neighbours, flood lists and origins along.
 */
export function planChanges(applied: Forwarding, desired: Forwarding): readonly Step[] {
  const ports = diffTables(asMap(applied.ports), asMap(desired.ports))
  const switches = diffTables(applied.switches, desired.switches)
  const tunnels = diffTables(applied.tunnels, desired.tunnels)
  const bfd = diffTables(applied.bfd, desired.bfd, sameFields)
  const isUnkeyed = ([id, vni]: readonly [Uuid, Vni | null]): boolean => vni === null && applied.switches.has(id)
  const bindings = diffTables(applied.bindings, desired.bindings, (a, b) => a.switchId === b.switchId)
  const unbound = bindings.gone.map(([, binding]) => binding)
  const remoteMacs = diffRemoteMacs(applied, desired)
  const neighbours = diffNeighbours(applied, desired)
  const groups = diffTables(applied.groups, desired.groups, sameList)
  const origins = diffTables(applied.origins, desired.origins)
  const stays = ({ switchId }: { readonly switchId: Uuid }): boolean => desired.switches.has(switchId)
  const acls = diffTables(applied.acls, desired.acls, sameRules)
  const relisted = new Set(
    acls.put.filter(([key]) => applied.acls.has(key)).map(([, { netdev, vlan }]) => `${netdev} ${vlan}`),
  )
  const isRelisted = ({ netdev, vlan }: BindingSpec): boolean =>
    relisted.has(`${netdev} 0`) || relisted.has(`${netdev} ${vlan}`)
  const moved = bindings.put.flatMap(([key]) => applied.bindings.get(key) ?? [])

  const steps: readonly Step[] = [
    { kind: 'removeNeighbours', entries: neighbours.gone },
    { kind: 'removeBindings', entries: [...unbound, ...moved].filter(isRelisted) },
    { kind: 'putPorts', entries: ports.put.map(([netdev]) => ({ netdev })) },
    { kind: 'putSwitches', entries: switches.put.filter((entry) => !isUnkeyed(entry)).map(switchSpec) },
    { kind: 'putTunnels', entries: tunnels.put.map(([remoteIp, localIp]) => ({ remoteIp, localIp })) },
    { kind: 'putBfd', entries: bfd.put.map(([remoteIp, config]) => ({ remoteIp, ...config })) },
    { kind: 'putAcls', entries: acls.put.map(([, acl]) => acl) },
    { kind: 'putBindings', entries: bindings.put.map(([, binding]) => binding) },
    { kind: 'putOrigins', entries: origins.put.map(originSpec) },
    { kind: 'putRemoteMacs', entries: remoteMacs.put },
    { kind: 'putNeighbours', entries: neighbours.put },
    { kind: 'putFloods', entries: changedFloods(applied, desired) },
    { kind: 'putGroups', entries: groups.put.map(groupSpec) },
    { kind: 'putSwitches', entries: switches.put.filter(isUnkeyed).map(switchSpec) },
    { kind: 'removeBindings', entries: unbound.filter((binding) => !isRelisted(binding)) },
    { kind: 'removeAcls', entries: acls.gone.map(([, acl]) => acl) },
    { kind: 'removeRemoteMacs', entries: remoteMacs.gone },
    { kind: 'removeGroups', entries: groups.gone.map(groupSpec).filter(stays) },
    { kind: 'removeOrigins', entries: origins.gone.map(originSpec).filter(stays) },
    { kind: 'removeSwitches', entries: switches.gone.map(switchSpec) },
    { kind: 'removeBfd', entries: bfd.gone.map(([remoteIp, config]) => ({ remoteIp, ...config })) },
    { kind: 'removeTunnels', entries: tunnels.gone.map(([remoteIp, localIp]) => ({ remoteIp, localIp })) },
    { kind: 'removePorts', entries: ports.gone.map(([netdev]) => ({ netdev })) },
  ]
  return steps.filter(({ entries }) => entries.length > 0)
}

function diffRemoteMacs(
  applied: Forwarding,
  desired: Forwarding,
): { readonly put: readonly RemoteMacSpec[]; readonly gone: readonly RemoteMacSpec[] } {
  const put: RemoteMacSpec[] = []
  const gone: RemoteMacSpec[] = []
  for (const [switchId, macs] of desired.remoteMacs) {
    const diff = diffTables(applied.remoteMacs.get(switchId) ?? new Map<never, never>(), macs)
    for (const [mac, locator] of diff.put) put.push({ switchId, mac, locator })
    for (const [mac, locator] of diff.gone) gone.push({ switchId, mac, locator })
  }
  return { put, gone }
}

function diffNeighbours(
  applied: Forwarding,
  desired: Forwarding,
): { readonly put: readonly NeighbourSpec[]; readonly gone: readonly NeighbourSpec[] } {
  const put: NeighbourSpec[] = []
  const gone: NeighbourSpec[] = []
  for (const [switchId, neighbours] of desired.neighbours) {
    const diff = diffTables(applied.neighbours.get(switchId) ?? new Map<never, never>(), neighbours)
    for (const [address, mac] of diff.put) put.push({ switchId, address, mac })
    for (const [address, mac] of diff.gone) gone.push({ switchId, address, mac })
  }
  return { put, gone }
}

function switchSpec([id, vni]: readonly [Uuid, Vni | null]): SwitchSpec {
  return { id, vni }
}

/** Those whose list is another, or is made otherwise. One that goes goes with its logical switch. */
function changedFloods(applied: Forwarding, desired: Forwarding): readonly FloodSpec[] {
  const lists = diffTables(applied.floods, desired.floods, sameList)
  const changed = new Map(lists.put)
  for (const [id, locators] of desired.floods)
    if (applied.floodedToMacs.has(id) !== desired.floodedToMacs.has(id)) changed.set(id, locators)
  return [...changed].map(([switchId, locators]) => ({
    switchId,
    locators,
    isOfMacs: desired.floodedToMacs.has(switchId),
  }))
}

function groupSpec([key, locators]: readonly [GroupKey, readonly Locator[]]): GroupSpec {
  return { ...groupOf(key), locators }
}

function originSpec([locator, switchId]: readonly [Locator, Uuid]): OriginSpec {
  return { locator, switchId }
}

function sameRules(a: AclSpec, b: AclSpec): boolean {
  if (a.rules === closedRules) return false
  return a.rules === b.rules || sameList(a.rules.map(lineOf), b.rules.map(lineOf))
}

function asMap(set: ReadonlySet<string>): ReadonlyMap<string, true> {
  return new Map([...set].map((item) => [item, true]))
}
