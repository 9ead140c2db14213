import type { Selection } from '../ovsdb/description.js'
import type { Tables } from '../schema/rows.generated.js'

/**
 * What the daemon reads of the database. Left out are columns that change often and say nothing to it: Manager.status alone
 * is rewritten every 2.5 s.
 */
export const MONITORED = {
  Global: ['managers', 'switches'],
  Manager: ['target', 'is_connected'],
  Physical_Switch: ['ports', 'name', 'description', 'management_ips', 'tunnel_ips', 'tunnels', 'switch_fault_status'],
  Physical_Port: ['name', 'vlan_bindings', 'acl_bindings', 'vlan_stats', 'port_fault_status'],
  Logical_Binding_Stats: ['packets_from_local', 'bytes_from_local', 'packets_to_local', 'bytes_to_local'],
  Logical_Switch: ['name', 'description', 'tunnel_key', 'replication_mode', 'other_config'],
  Ucast_Macs_Local: ['MAC', 'logical_switch', 'locator'],
  Ucast_Macs_Remote: ['MAC', 'logical_switch', 'locator', 'ipaddr'],
  Mcast_Macs_Local: ['MAC', 'logical_switch', 'locator_set'],
  Mcast_Macs_Remote: ['MAC', 'logical_switch', 'locator_set'],
  Physical_Locator: ['encapsulation_type', 'dst_ip', 'tunnel_key'],
  Physical_Locator_Set: ['locators'],
  Tunnel: ['local', 'remote', 'bfd_config_local', 'bfd_config_remote', 'bfd_params', 'bfd_status'],
  Logical_Router: ['name', 'acl_binding', 'LR_fault_status'],
  ACL: ['acl_entries', 'acl_name', 'acl_fault_status'],
  ACL_entry: [
    'sequence',
    'source_mac',
    'dest_mac',
    'ethertype',
    'source_ip',
    'source_mask',
    'dest_ip',
    'dest_mask',
    'protocol',
    'source_port_min',
    'source_port_max',
    'dest_port_min',
    'dest_port_max',
    'tcp_flags',
    'tcp_flags_mask',
    'icmp_type',
    'icmp_code',
    'direction',
    'action',
    'acle_fault_status',
  ],
} as const satisfies Selection<Tables>
