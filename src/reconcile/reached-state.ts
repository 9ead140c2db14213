import type { FailureCode, FloodSpec } from '../datapath/datapath.js'
import {
  aclKey,
  bindingKey,
  groupKey,
  groupOf,
  type Acl,
  type AclKey,
  type Binding,
  type BindingKey,
  type Forwarding,
  type GroupKey,
} from '../desired/forwarding.js'
import type { Uuid } from '../ovsdb/notation.js'
import { PersistentMap, type MapDraft } from '../persistent/persistent-map.js'
import type { BfdConfig } from '../schema/bfd-config.js'
import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { StationAddress } from '../schema/station-address.js'
import type { Vni } from '../schema/vni.js'
import { closedRules } from './closed-rules.js'
import { unknownList } from './diff.js'
import type { Step } from './plan.js'

const NO_MACS = PersistentMap.from<Mac, Locator>([])

/** A copy that may be changed. The MACs and neighbours of logical switches of which some change are in `own...`. */
interface Draft {
  readonly ports: Set<string>
  readonly switches: Map<Uuid, Vni | null>
  readonly bindings: Map<BindingKey, Binding>
  readonly tunnels: Map<IpAddress, IpAddress>
  readonly bfd: Map<IpAddress, BfdConfig>
  readonly remoteMacs: Map<Uuid, PersistentMap<Mac, Locator>>
  readonly neighbours: Map<Uuid, ReadonlyMap<StationAddress, Mac>>
  readonly floods: Map<Uuid, readonly Locator[]>
  readonly floodedToMacs: Set<Uuid>
  readonly groups: Map<GroupKey, readonly Locator[]>
  readonly origins: Map<Locator, Uuid>
  readonly acls: Map<AclKey, Acl>
  readonly ownMacs: Map<Uuid, MapDraft<Mac, Locator>>
  readonly ownNeighbours: Map<Uuid, Map<StationAddress, Mac>>
}

/** What `applied` became when the steps of a plan were carried out, but for the entries that failed. */
export function reachedState(
  applied: Forwarding,
  plan: readonly Step[],
  failureOf: (step: Step, index: number) => FailureCode | undefined,
): Forwarding {
  const draft: Draft = {
    ports: new Set(applied.ports),
    switches: new Map(applied.switches),
    bindings: new Map(applied.bindings),
    tunnels: new Map(applied.tunnels),
    bfd: new Map(applied.bfd),
    remoteMacs: new Map(applied.remoteMacs),
    neighbours: new Map(applied.neighbours),
    floods: new Map(applied.floods),
    floodedToMacs: new Set(applied.floodedToMacs),
    groups: new Map(applied.groups),
    origins: new Map(applied.origins),
    acls: new Map(applied.acls),
    ownMacs: new Map(),
    ownNeighbours: new Map(),
  }
  for (const step of plan) advance(draft, step, (index) => failureOf(step, index))
  const { ownMacs, ownNeighbours: _, ...reached } = draft
  for (const [id, macs] of ownMacs) reached.remoteMacs.set(id, macs.finish())
  return reached
}

function advance(draft: Draft, step: Step, failureOf: (index: number) => FailureCode | undefined): void {
  const each = <E>(
    entries: readonly E[],
    change: (entry: E) => void,
    changeFailed: (entry: E, code: FailureCode) => void = () => undefined,
  ): void =>
    entries.forEach((entry, index) => {
      const code = failureOf(index)
      if (code === undefined) change(entry)
      else changeFailed(entry, code)
    })
  switch (step.kind) {
    case 'putPorts':
      each(step.entries, ({ netdev }) => draft.ports.add(netdev))
      return
    case 'removePorts':
      each(step.entries, ({ netdev }) => draft.ports.delete(netdev))
      return
    case 'putSwitches':
      each(step.entries, ({ id, vni }) => draft.switches.set(id, vni))
      return
    case 'removeSwitches':
      each(step.entries, ({ id }) => forgetSwitch(draft, id))
      return
    case 'putTunnels':
      each(step.entries, ({ remoteIp, localIp }) => draft.tunnels.set(remoteIp, localIp))
      return
    case 'removeTunnels':
      each(step.entries, ({ remoteIp }) => draft.tunnels.delete(remoteIp))
      return
    case 'putBfd':
      each(step.entries, ({ remoteIp, ...config }) => draft.bfd.set(remoteIp, config))
      return
    case 'removeBfd':
      each(step.entries, ({ remoteIp }) => draft.bfd.delete(remoteIp))
      return
    case 'putBindings':
      each(step.entries, (binding) => draft.bindings.set(bindingKey(binding.netdev, binding.vlan), binding))
      return
    case 'removeBindings':
      each(step.entries, ({ netdev, vlan }) => draft.bindings.delete(bindingKey(netdev, vlan)))
      return
    case 'putRemoteMacs':
      each(step.entries, ({ switchId, mac, locator }) => macsOf(draft, switchId).set(mac, locator))
      return
    case 'removeRemoteMacs':
      each(step.entries, ({ switchId, mac }) => macsOf(draft, switchId).delete(mac))
      return
    case 'putNeighbours':
      each(step.entries, ({ switchId, address, mac }) => neighboursOf(draft, switchId).set(address, mac))
      return
    case 'removeNeighbours':
      each(step.entries, ({ switchId, address }) => neighboursOf(draft, switchId).delete(address))
      return
    case 'putAcls':
      each(
        step.entries,
        (acl) => draft.acls.set(aclKey(acl.netdev, acl.vlan, acl.direction), acl),
        (acl, code) => {
          if (code === 'no_such_device') return
          draft.acls.set(aclKey(acl.netdev, acl.vlan, acl.direction), { ...acl, rules: closedRules })
        },
      )
      return
    case 'removeAcls':
      each(step.entries, ({ netdev, vlan, direction }) => draft.acls.delete(aclKey(netdev, vlan, direction)))
      return
    case 'putGroups':
      each(
        step.entries,
        (group) => draft.groups.set(groupKey(group), group.locators),
        (group, code) => {
          if (code !== 'no_such_switch') draft.groups.set(groupKey(group), servedOf(draft, group, code))
        },
      )
      return
    case 'removeGroups':
      each(step.entries, (group) => draft.groups.delete(groupKey(group)))
      return
    case 'putOrigins':
      each(step.entries, ({ locator, switchId }) => draft.origins.set(locator, switchId))
      return
    case 'removeOrigins':
      each(step.entries, ({ locator }) => draft.origins.delete(locator))
      return
    case 'putFloods':
      each(
        step.entries,
        (flood) => takeFlood(draft, flood),
        (flood, code) => {
          if (code !== 'no_such_switch') takeFlood(draft, { ...flood, locators: servedOf(draft, flood, code) })
        },
      )
      return
  }
}

function takeFlood({ floods, floodedToMacs }: Draft, { switchId, locators, isOfMacs }: FloodSpec): void {
  floods.set(switchId, locators)
  if (isOfMacs) floodedToMacs.add(switchId)
  else floodedToMacs.delete(switchId)
}

/** The members that have a tunnel, where that is what was missing. */
function servedOf(draft: Draft, { locators }: Pick<FloodSpec, 'locators'>, code: FailureCode): readonly Locator[] {
  return code === 'no_such_tunnel' ? locators.filter((locator) => draft.tunnels.has(remoteOf(locator))) : unknownList
}

/** A logical switch takes its bindings, MACs, neighbours, flood lists and origins along. */
function forgetSwitch(draft: Draft, id: Uuid): void {
  draft.switches.delete(id)
  draft.floods.delete(id)
  draft.floodedToMacs.delete(id)
  draft.remoteMacs.delete(id)
  draft.ownMacs.delete(id)
  draft.neighbours.delete(id)
  draft.ownNeighbours.delete(id)
  for (const key of draft.groups.keys()) if (groupOf(key).switchId === id) draft.groups.delete(key)
  for (const [locator, switchId] of draft.origins) if (switchId === id) draft.origins.delete(locator)
  for (const [key, { switchId }] of draft.bindings) if (switchId === id) draft.bindings.delete(key)
}

function macsOf(draft: Draft, id: Uuid): MapDraft<Mac, Locator> {
  const own = draft.ownMacs.get(id) ?? (draft.remoteMacs.get(id) ?? NO_MACS).edit()
  draft.ownMacs.set(id, own)
  return own
}

function neighboursOf(draft: Draft, id: Uuid): Map<StationAddress, Mac> {
  const own = draft.ownNeighbours.get(id) ?? new Map(draft.neighbours.get(id))
  draft.ownNeighbours.set(id, own)
  draft.neighbours.set(id, own)
  return own
}
