import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Mac } from '../schema/mac.js'

/** What a binding has carried, in the directions of Logical_Binding_Stats. */
export interface BindingTotals {
  /** Physical_Port.name */
  readonly port: string
  readonly vlan: number
  readonly packetsFromLocal: bigint
  readonly bytesFromLocal: bigint
  readonly packetsToLocal: bigint
  readonly bytesToLocal: bigint
}

/** What the database is to say on the part of this gateway, and nothing of what others write. */
export interface Publication {
  /** Physical_Switch.name */
  readonly switchName: string
  /** Physical_Switch.description; undefined: not ours. */
  readonly description: string | undefined
  /** Physical_Switch.management_ips; undefined: not ours. */
  readonly managementIps: readonly string[] | undefined
  /** Physical_Switch.tunnel_ips; undefined: not ours. */
  readonly configuredTunnelIp: IpAddress | undefined
  /** The address in use: our own Physical_Locator; undefined: none yet. */
  readonly tunnelIp: IpAddress | undefined
  /** Physical_Port.name of the ports that must have a row. */
  readonly ports: readonly string[]
  /** Manager.target of the rows to add. */
  readonly managers: readonly string[]
  /** Logical switches with a binding here. */
  readonly bound: ReadonlySet<Uuid>
  /** Logical switch -> MACs learned on its access ports. Those of logical switches that are not bound are left out. */
  readonly localMacs: ReadonlyMap<Uuid, ReadonlySet<Mac>>
  /** Remote VTEP -> Tunnel.bfd_status; one that is not named has none. */
  readonly bfdStatus: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly switchFaults: ReadonlySet<string>
  /** Physical_Port -> port_fault_status; a port that is not named has none. */
  readonly portFaults: ReadonlyMap<Uuid, ReadonlySet<string>>
  /** ACL -> acl_fault_status */
  readonly aclFaults: ReadonlyMap<Uuid, ReadonlySet<string>>
  /** ACL_entry -> acle_fault_status */
  readonly aclEntryFaults: ReadonlyMap<Uuid, ReadonlySet<string>>
  /** Logical_Router -> LR_fault_status */
  readonly routerFaults: ReadonlyMap<Uuid, ReadonlySet<string>>
  /** The last sample. */
  readonly totals: readonly BindingTotals[]
}
