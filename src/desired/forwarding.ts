import type { Uuid } from '../ovsdb/notation.js'
import type { PersistentMap } from '../persistent/persistent-map.js'
import type { AclDirection, AclRule } from '../schema/acl-rule.js'
import type { BfdConfig } from '../schema/bfd-config.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { StationAddress } from '../schema/station-address.js'
import type { VlanId } from '../schema/vlan-id.js'
import type { Vni } from '../schema/vni.js'

/**
 * What a data plane forwards by, as values that can be compared. The same shape says what should be (`desired`) and what the
 * kernel has (`applied`).
 */
export interface Forwarding {
  /** Network devices of access ports. */
  readonly ports: ReadonlySet<string>
  /** Logical switches that carry traffic here, with their VNI; null: they have those of their locators alone. */
  readonly switches: ReadonlyMap<Uuid, Vni | null>
  readonly bindings: ReadonlyMap<BindingKey, Binding>
  /** Remote VTEP -> own address. */
  readonly tunnels: ReadonlyMap<IpAddress, IpAddress>
  /** Remote VTEP -> its BFD session, where that is enabled. */
  readonly bfd: ReadonlyMap<IpAddress, BfdConfig>
  /** Logical switch -> MAC -> the end point that it is behind. */
  readonly remoteMacs: ReadonlyMap<Uuid, PersistentMap<Mac, Locator>>
  /** Logical switch -> address -> the remote MAC in whose name ARP and neighbour discovery are answered. */
  readonly neighbours: ReadonlyMap<Uuid, ReadonlyMap<StationAddress, Mac>>
  /** Logical switch -> where BUM goes, sorted, without repeats. */
  readonly floods: ReadonlyMap<Uuid, readonly Locator[]>
  /** Logical switches whose list in `floods` is made of their remote MACs, since no row says where `unknown-dst` is. */
  readonly floodedToMacs: ReadonlySet<Uuid>
  /** Where frames to a group go instead, as in `floods`; nowhere but to the bindings where the list is empty. */
  readonly groups: ReadonlyMap<GroupKey, readonly Locator[]>
  /** Locator with a VNI of its own -> the logical switch of the frames that come from there. */
  readonly origins: ReadonlyMap<Locator, Uuid>
  readonly acls: ReadonlyMap<AclKey, Acl>
}

/** What a port, or a VLAN of it, lets through in one direction. VLAN 0 is the whole port, whatever the tag. */
export interface Acl {
  readonly netdev: string
  readonly vlan: VlanId
  readonly direction: AclDirection
  /** The first that matches decides; what none matches passes. Never empty. */
  readonly rules: readonly AclRule[]
}

export type AclKey = string & { readonly __brand: 'AclKey' }

export function aclKey(netdev: string, vlan: VlanId, direction: AclDirection): AclKey {
  return `${netdev}/${vlan}/${direction}` as AclKey
}

export type GroupKey = string & { readonly __brand: 'GroupKey' }

/** A multicast group of a logical switch. */
export interface Group {
  readonly switchId: Uuid
  readonly mac: Mac
}

export function groupKey({ switchId, mac }: Group): GroupKey {
  return `${switchId}/${mac}` as GroupKey
}

export function groupOf(key: GroupKey): Group {
  const [switchId, mac] = key.split('/') as [Uuid, Mac]
  return { switchId, mac }
}

export interface Binding {
  readonly netdev: string
  readonly vlan: VlanId
  readonly switchId: Uuid
}

export type BindingKey = string & { readonly __brand: 'BindingKey' }

/** One binding at most exists for a VLAN of a port. A device's name holds no slash (dev_valid_name of the kernel). */
export function bindingKey(netdev: string, vlan: VlanId): BindingKey {
  return `${netdev}/${vlan}` as BindingKey
}
