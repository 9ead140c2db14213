import type { Uuid } from '../ovsdb/notation.js'
import type { Tables } from '../schema/rows.generated.js'

/** Keys of Physical_Switch.switch_fault_status that this gateway sets. */
export type SwitchFault = 'mac_table_exhaustion' | 'tunnel_exhaustion' | 'lr_support_fault' | 'unspecified_fault'

/** Keys of Physical_Port.port_fault_status that this gateway sets. */
export type PortFault = 'invalid_vlan_map' | 'invalid_ACL_binding' | 'unspecified_fault'

/** Keys of ACL.acl_fault_status that this gateway sets. */
export type AclFault = 'invalid_acl' | 'resource_shortage'

/** Keys of Logical_Router.LR_fault_status that this gateway sets. */
export type RouterFault = 'invalid_ACL_binding' | 'unspecified_fault'

/**
 * Where the controller can see the refusal. On a port only when that port itself is impaired: networking-l2gw takes a lone key
 * there for a broken port and provisions nothing more on it.
 */
export type Fault =
  | { readonly on: 'switch'; readonly key: SwitchFault }
  | { readonly on: 'port'; readonly port: Uuid; readonly key: PortFault }
  | { readonly on: 'acl'; readonly acl: Uuid; readonly key: AclFault }
  | { readonly on: 'router'; readonly router: Uuid; readonly key: RouterFault }
  | { readonly on: 'acl entry'; readonly entry: Uuid; readonly key: 'invalid_acl_entry' }

/** A row, or a part of one, that is not served, and why. */
export interface Refusal {
  readonly table: keyof Tables
  readonly row: Uuid
  /** The binding that is meant, where it is one of a port. */
  readonly vlan?: number
  /** What people call the row: a name, a MAC address with its logical switch. */
  readonly subject: string
  readonly reason: string
  readonly fault: Fault
}

export const UNSPECIFIED: Fault = { on: 'switch', key: 'unspecified_fault' }
