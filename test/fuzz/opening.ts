import type { RawOperation } from './controller-steps.js'

const uuid = (number: number) => `0f000000-0000-4000-8000-00000000000${number}`
const row = (number: number) => ['uuid', uuid(number)]
const insert = (table: string, number: number, columns: object): RawOperation => ({
  op: 'insert',
  table,
  uuid: uuid(number),
  row: columns,
})
const locator = (number: number, dst_ip: string, key = {}) =>
  insert('Physical_Locator', number, { encapsulation_type: 'vxlan_over_ipv4', dst_ip, ...key })

/** A logical switch with one of everything that the kernel's tables can say of it, but BFD. */
export const opening: readonly RawOperation[] = [
  insert('Logical_Switch', 0, { name: 'opening', tunnel_key: 4999 }),
  locator(1, '10.9.0.6'),
  locator(2, '10.9.0.7', { tunnel_key: 7003 }),
  insert('Physical_Locator_Set', 3, { locators: ['set', [row(1), row(2)]] }),
  insert('Ucast_Macs_Remote', 4, {
    ...{ MAC: '02:00:00:00:00:0a', logical_switch: row(0), locator: row(1), ipaddr: '10.0.0.8' },
  }),
  insert('Mcast_Macs_Remote', 5, { MAC: 'unknown-dst', logical_switch: row(0), locator_set: row(3) }),
  insert('Mcast_Macs_Remote', 6, { MAC: '01:00:5e:00:00:01', logical_switch: row(0), locator_set: row(3) }),
  insert('ACL_entry', 7, {
    ...{ sequence: 1, direction: 'ingress', action: 'deny', source_mac: '02:00:00:00:00:0b', protocol: 6 },
    ...{ source_ip: 'fd00::', source_mask: 'ffff::', dest_port_min: 80, dest_port_max: 443, tcp_flags: 2 },
  }),
  insert('ACL_entry', 8, {
    sequence: 2,
    direction: 'egress',
    action: 'permit',
    protocol: 1,
    icmp_type: 8,
    icmp_code: 0,
  }),
  insert('ACL', 9, { acl_name: 'opening', acl_entries: ['set', [row(7), row(8)]] }),
  {
    op: 'update',
    table: 'Physical_Port',
    where: [['name', '==', 'port1']],
    row: { vlan_bindings: ['map', [[7, row(0)]]], acl_bindings: ['map', [[7, row(9)]]] },
  },
]

/** As many rules as before, but others. */
export const openingRules: readonly RawOperation[] = [
  { op: 'update', table: 'ACL_entry', where: [['_uuid', '==', row(8)]], row: { action: 'deny', dest_ip: '10.0.0.8' } },
]

/** BFD on all tunnels there are. */
export const openingBfd: readonly RawOperation[] = [
  { op: 'update', table: 'Tunnel', where: [], row: { bfd_params: ['map', [['enable', 'true']]] } },
]

/** The first words of what the kernel's tables then say. */
export const openingKinds: readonly string[] = [
  ...['acl', 'binding', 'flood', 'group', 'mac', 'neighbour', 'origin', 'switch', 'tunnel', 'vni'],
]
