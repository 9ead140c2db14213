import type { Json } from '../../src/ovsdb/notation.js'

/** Operations of a controller in the JSON of RFC 7047. */
type Operations = readonly Json[]

export function macOf(number: number): string {
  const digits = (0x06_00_00_00_00_00 + number).toString(16).padStart(12, '0')
  return digits.replace(/(..)(?!$)/g, '$1:')
}

/** A logical switch, and `unknown-dst` to one VTEP: to where nothing is known frames go there, and nowhere else. */
export function logicalSwitch(name: string, vni: number, floodSet: Json): Operations {
  const id = `ls_${vni}`
  return [
    {
      op: 'insert',
      table: 'Logical_Switch',
      'uuid-name': id,
      row: { name, tunnel_key: vni, replication_mode: 'source_node' },
    },
    {
      op: 'insert',
      table: 'Mcast_Macs_Remote',
      row: { MAC: 'unknown-dst', logical_switch: ['named-uuid', id], locator_set: floodSet },
    },
  ]
}

export function locator(address: string): Json {
  return {
    op: 'insert',
    table: 'Physical_Locator',
    'uuid-name': nameOf(address),
    row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: address },
  }
}

export function locatorOf(address: string): Json {
  return ['named-uuid', nameOf(address)]
}

function nameOf(address: string): string {
  return `at_${address.replaceAll('.', '_')}`
}

export function remoteMac(mac: string, logical_switch: Json, at: Json): Json {
  return { op: 'insert', table: 'Ucast_Macs_Remote', row: { MAC: mac, logical_switch, locator: at, ipaddr: '' } }
}

export function moveMac(mac: string, at: Json): Json {
  return { op: 'update', table: 'Ucast_Macs_Remote', where: [['MAC', '==', mac]], row: { locator: at } }
}

/** Adds bindings to a port. */
export function bind(port: string, bindings: readonly (readonly [vlan: number, logicalSwitch: Json])[]): Json {
  return {
    op: 'mutate',
    table: 'Physical_Port',
    where: [['name', '==', port]],
    mutations: [['vlan_bindings', 'insert', ['map', bindings.map(([vlan, id]) => [vlan, id])]]],
  }
}
