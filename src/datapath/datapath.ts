import type { Uuid } from '../ovsdb/notation.js'
import type { AclDirection, AclRule } from '../schema/acl-rule.js'
import type { BfdConfig } from '../schema/bfd-config.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { StationAddress } from '../schema/station-address.js'
import type { VlanId } from '../schema/vlan-id.js'
import type { Vni } from '../schema/vni.js'

/** An access port in the kernel: promiscuous, without IPv6, with the programs attached. */
export interface PortSpec {
  readonly netdev: string
}

/** A logical switch in the kernel; `id` is its Logical_Switch row. */
export interface SwitchSpec {
  readonly id: Uuid
  /** null: its frames have the VNIs of the locators. */
  readonly vni: Vni | null
}

/** VLAN 0 takes untagged and priority-tagged frames. */
export interface BindingSpec {
  readonly netdev: string
  readonly vlan: VlanId
  readonly switchId: Uuid
}

export interface TunnelSpec {
  readonly remoteIp: IpAddress
  readonly localIp: IpAddress
}

/** The BFD session of a tunnel. */
export interface BfdSpec extends BfdConfig {
  readonly remoteIp: IpAddress
}

export interface RemoteMacSpec {
  readonly switchId: Uuid
  readonly mac: Mac
  readonly locator: Locator
}

/** An address for which ARP and neighbour discovery are answered, as long as the MAC is a remote one. */
export interface NeighbourSpec {
  readonly switchId: Uuid
  readonly address: StationAddress
  readonly mac: Mac
}

/** The tunnels that BUM frames of a logical switch go to, as a whole; its local bindings are added by the data plane. */
export interface FloodSpec {
  readonly switchId: Uuid
  readonly locators: readonly Locator[]
  /** They are those of its remote MACs, for want of another answer; frames of servers that go there are counted as such. */
  readonly isOfMacs: boolean
}

/** The tunnels that frames to one group go to instead; none leaves them the local bindings. */
export interface GroupSpec {
  readonly switchId: Uuid
  readonly mac: Mac
  readonly locators: readonly Locator[]
}

/** Whose the frames are that come from a locator's VTEP in the locator's own VNI. */
export interface OriginSpec {
  readonly locator: Locator
  readonly switchId: Uuid
}

/** A port, or a VLAN of it, in one direction; VLAN 0 is the whole port, whatever the tag. */
export interface AclPlace {
  readonly netdev: string
  readonly vlan: VlanId
  readonly direction: AclDirection
}

/** What passes there: the first rule that matches decides, and what none matches passes. */
export interface AclSpec extends AclPlace {
  readonly rules: readonly AclRule[]
}

/** An entry of the FDB that was learned on an access port. */
export interface LocalMac {
  readonly switchId: Uuid
  readonly mac: Mac
  readonly netdev: string
  readonly vlan: VlanId
  readonly ageMs: number
}

/** Use of a limit of local MACs. */
export interface MacUse {
  /** A device's or a Logical_Switch row's; all together. */
  readonly holder:
    | { readonly kind: 'table' }
    | { readonly kind: 'switch'; readonly switchId: Uuid }
    | { readonly kind: 'port'; readonly netdev: string }
  readonly held: number
  readonly limit: number
  /** MACs were refused a moment ago, or have been and there still is no room for them. */
  readonly isExhausted: boolean
}

/** All that the kernel's tables hold. */
export interface Snapshot {
  readonly ports: readonly PortSpec[]
  readonly switches: readonly SwitchSpec[]
  readonly bindings: readonly BindingSpec[]
  readonly tunnels: readonly TunnelSpec[]
  readonly bfd: readonly BfdSpec[]
  readonly remoteMacs: readonly RemoteMacSpec[]
  readonly neighbours: readonly NeighbourSpec[]
  readonly floods: readonly FloodSpec[]
  readonly groups: readonly GroupSpec[]
  readonly origins: readonly OriginSpec[]
  readonly localMacs: readonly LocalMac[]
  readonly acls: readonly AclSpec[]
}

export type FailureCode = 'no_such_device' | 'no_such_switch' | 'no_such_tunnel' | 'table_full' | 'invalid' | 'kernel'

/** One entry of a setter's argument that did not get into the kernel (or out of it). */
export interface Failure {
  readonly index: number
  readonly code: FailureCode
  readonly message: string
}

/** Something that the data plane did or saw by itself. */
export type DatapathEvent =
  | {
      /** `refused`: a frame on an access port had the source MAC of a remote station. */
      readonly kind: 'learned' | 'moved' | 'forgotten' | 'refused'
      readonly switchId: Uuid
      readonly mac: Mac
      readonly netdev: string
      readonly vlan: VlanId
      /** `forgotten`: aged, unbound, link_down, remote or evicted. */
      readonly reason: string
    }
  /**
   * A port appeared, changed or vanished, an address of the box came or went, or a tunnel has another path. A port whose device vanished is no port any more, and
   * its bindings are gone.
   */
  | { readonly kind: 'links' }
  /** A limit of local MACs is exhausted, or is so no more. */
  | { readonly kind: 'macRoom' }
  /** The BFD session of a tunnel has another status. */
  | { readonly kind: 'bfd'; readonly status: BfdStatus }
  /** Somebody had taken something of the gateway out of the kernel; it is back. */
  | { readonly kind: 'repaired'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

export type BfdState = 'admin_down' | 'down' | 'init' | 'up'

/** Tunnel.bfd_status of a tunnel whose BFD is enabled. */
export interface BfdStatus {
  readonly remoteIp: IpAddress
  readonly enabled: boolean
  readonly state: BfdState
  readonly forwarding: boolean
  /** Text of RFC 5880 section 4.1, as is `remoteDiagnostic`. */
  readonly diagnostic: string
  readonly remoteState: BfdState
  readonly remoteDiagnostic: string
  readonly info?: string
}

export type PathMode = 'xdp' | 'tc'

export interface PortStatus {
  readonly netdev: string
  readonly up: boolean
  readonly carrier: boolean
  readonly mtu: number
  readonly mode: PathMode
  /** The bridge or bond that it belongs to, as no access port should. */
  readonly controller: string | undefined
}

export interface TunnelStatus {
  readonly remoteIp: IpAddress
  readonly localIp: IpAddress
  /** Why frames leave with no prepared header; undefined where they do. All but `not_ethernet` lose them. */
  readonly obstacle: 'no_route' | 'device_down' | 'no_answer' | 'not_ethernet' | undefined
  readonly netdev: string | undefined
  readonly nextHopMac: string | undefined
  /** Largest IP packet inside; undefined where no route says it. */
  readonly mtu: number | undefined
  readonly mode: PathMode
}

/** Whether what is sent into the tunnel goes nowhere. */
export function isPathless({ obstacle }: TunnelStatus): boolean {
  return obstacle !== undefined && obstacle !== 'not_ethernet'
}

/** Directions as Logical_Binding_Stats has them: "from local" is what the server sent. */
export interface BindingCounters {
  readonly netdev: string
  readonly vlan: VlanId
  readonly packetsFromLocal: bigint
  readonly bytesFromLocal: bigint
  readonly packetsToLocal: bigint
  readonly bytesToLocal: bigint
}

export interface DropCounter {
  /** The access port; undefined: the overlay side. */
  readonly netdev: string | undefined
  readonly reason: string
  /** The reason for people. */
  readonly explanation: string
  /** A note: the frames were not dropped for it. */
  readonly isNote: boolean
  readonly packets: bigint
}

export interface LocalAddress {
  readonly netdev: string
  readonly address: string
}

/**
 * The kernel's tables. Setters take whole entries, accept repeats, and answer what did not succeed; they throw only when
 * nothing can be said about the single entries.
 */
export interface Datapath {
  snapshot(): Snapshot
  putPorts(ports: readonly PortSpec[]): readonly Failure[]
  removePorts(netdevs: readonly string[]): readonly Failure[]
  putSwitches(switches: readonly SwitchSpec[]): readonly Failure[]
  /** All stop at once; takes their bindings, MACs, neighbours, flood lists and origins along. */
  removeSwitches(ids: readonly Uuid[]): readonly Failure[]
  putBindings(bindings: readonly BindingSpec[]): readonly Failure[]
  /** Forgets what was learned through the bindings. */
  removeBindings(bindings: readonly BindingSpec[]): readonly Failure[]
  /**
   * A binding that leaves the kernel keeps what it counted and goes on from there when it comes back: until it is not among
   * these any more.
   */
  keepCounts(bound: readonly BindingSpec[]): void
  putTunnels(tunnels: readonly TunnelSpec[]): readonly Failure[]
  removeTunnels(remoteIps: readonly IpAddress[]): readonly Failure[]
  /** Begins sessions on tunnels, or changes what they are to do. */
  putBfd(sessions: readonly BfdSpec[]): readonly Failure[]
  /** Goes before the removal of the tunnels: the remote VTEPs are told. */
  removeBfd(remoteIps: readonly IpAddress[]): readonly Failure[]
  putRemoteMacs(macs: readonly RemoteMacSpec[]): readonly Failure[]
  removeRemoteMacs(macs: readonly RemoteMacSpec[]): readonly Failure[]
  putNeighbours(neighbours: readonly NeighbourSpec[]): readonly Failure[]
  removeNeighbours(neighbours: readonly NeighbourSpec[]): readonly Failure[]
  /**
   * Each list replaces the former one without a gap; it ends with its logical switch. One with members that have no tunnel, or are
   * too many, fails and is put without them; so are groups.
   */
  putFloods(floods: readonly FloodSpec[]): readonly Failure[]
  putGroups(groups: readonly GroupSpec[]): readonly Failure[]
  /** Frames to them go where the flood lists say. */
  removeGroups(groups: readonly GroupSpec[]): readonly Failure[]
  /** Goes before the VNIs of logical switches. */
  putOrigins(origins: readonly OriginSpec[]): readonly Failure[]
  removeOrigins(locators: readonly Locator[]): readonly Failure[]
  /**
   * Each list replaces the former one; a frame is judged by one or the other. Where there is no room for both nothing passes
   * meanwhile, and where that fails nothing passes.
   */
  putAcls(acls: readonly AclSpec[]): readonly Failure[]
  removeAcls(places: readonly AclPlace[]): readonly Failure[]
  macUses(): readonly MacUse[]
  portStatus(): readonly PortStatus[]
  tunnelStatus(): readonly TunnelStatus[]
  /** The sessions that were put and not removed, those of an earlier process included. */
  bfdStatus(): readonly BfdStatus[]
  /** Those of bindings that are not in the kernel now, then those of the others. */
  bindingCounters(): readonly BindingCounters[]
  dropCounters(): readonly DropCounter[]
  localAddresses(): readonly LocalAddress[]
  /** Lets go of the tables; forwarding stays. */
  close(): void
}
