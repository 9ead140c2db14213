import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import type { VlanId } from '../../src/schema/vlan-id.js'
import { replicaOf, uuid } from './replica-of.js'
import { gateway, gw, hv1, ls1, ls2, nothing, own, ownIp, plain, port1 } from './scene.js'

t.test('garbage is refused row by row with its reason, and everything else is served', (t) => {
  const { forwarding, refusals } = createDesiredBuilder(gateway)(
    replicaOf({
      ...own,
      Physical_Port: [
        {
          _uuid: port1,
          name: 'port1',
          vlan_bindings: new Map([
            [0, ls1],
            [4095, ls1],
            [5, ls2],
          ]),
          acl_bindings: new Map([[0, uuid(99)]]),
        },
      ],
      Logical_Switch: [
        { _uuid: ls1, name: `it's "blue" {net}`, tunnel_key: 5001, replication_mode: 'source_node' },
        { _uuid: ls2, name: 'negative', tunnel_key: -3 },
      ],
      Ucast_Macs_Remote: [
        { _uuid: uuid(31), MAC: '02:00:00:00:00:aa', logical_switch: ls1, locator: uuid(21) },
        { _uuid: uuid(32), MAC: 'Not A Mac', logical_switch: ls1, locator: uuid(21) },
        { _uuid: uuid(33), MAC: '02:00:00:00:00:AA', logical_switch: ls1, locator: uuid(22) },
        { _uuid: uuid(34), MAC: '02:00:00:00:00:aa', logical_switch: ls1, locator: uuid(21) },
        { _uuid: uuid(35), MAC: '02:00:00:00:00:bb', logical_switch: ls1, locator: uuid(25) },
        { _uuid: uuid(36), MAC: '02:00:00:00:00:cc', logical_switch: ls1, locator: uuid(24) },
        { _uuid: uuid(37), MAC: '01:00:5e:00:00:01', logical_switch: ls1, locator: uuid(21) },
      ],
      Mcast_Macs_Remote: [
        { _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) },
        { _uuid: uuid(42), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(52) },
        { _uuid: uuid(43), MAC: '01:00:5e:00:00:01', logical_switch: ls1, locator_set: uuid(51) },
      ],
      Physical_Locator_Set: [
        { _uuid: uuid(51), locators: [uuid(21), uuid(25)] },
        { _uuid: uuid(52), locators: [uuid(22)] },
      ],
      Logical_Router: [{ _uuid: uuid(61), name: 'r', acl_binding: new Map([['192.0.2.1', uuid(71)]]) }],
    }),
    nothing,
  )
  t.same(plain(forwarding), {
    ports: ['eth1'],
    switches: { [ls1]: 5001 },
    bindings: { 'eth1/0': { netdev: 'eth1', vlan: 0, switchId: ls1 } },
    tunnels: { [hv1]: ownIp },
    bfd: {},
    remoteMacs: { [ls1]: { '02:00:00:00:00:aa': hv1 } },
    neighbours: { [ls1]: {} },
    floods: { [ls1]: [hv1] },
    floodedToMacs: [],
    groups: { [`${ls1}/01:00:5e:00:00:01`]: [hv1] },
    origins: {},
    acls: {},
  })
  const onSwitch = { on: 'switch', key: 'unspecified_fault' }
  t.same(
    [...refusals].sort((a, b) => (a.row < b.row ? -1 : 1)).map(({ table, row, fault }) => [table, row, fault]),
    [
      ['Physical_Port', port1, { on: 'port', port: port1, key: 'invalid_vlan_map' }],
      ['Physical_Port', port1, { on: 'port', port: port1, key: 'invalid_ACL_binding' }],
      ['Logical_Switch', ls2, onSwitch],
      ['Ucast_Macs_Remote', uuid(32), onSwitch],
      ['Ucast_Macs_Remote', uuid(33), onSwitch],
      ['Ucast_Macs_Remote', uuid(35), onSwitch],
      ['Ucast_Macs_Remote', uuid(36), onSwitch],
      ['Ucast_Macs_Remote', uuid(37), onSwitch],
      ['Mcast_Macs_Remote', uuid(41), onSwitch],
      ['Mcast_Macs_Remote', uuid(42), onSwitch],
      ['Mcast_Macs_Remote', uuid(43), onSwitch],
      ['Logical_Router', uuid(61), { on: 'switch', key: 'lr_support_fault' }],
      ['Logical_Router', uuid(61), { on: 'router', router: uuid(61), key: 'unspecified_fault' }],
      ['Logical_Router', uuid(61), { on: 'router', router: uuid(61), key: 'invalid_ACL_binding' }],
    ],
  )
  t.match(refusals.find(({ row }) => row === uuid(32))?.reason, 'Not A Mac')
  t.match(refusals.find(({ row }) => row === uuid(35))?.reason, 'not-an-address')
  t.match(refusals.find(({ row }) => row === ls2)?.reason, '-3')
  t.end()
})

t.test('a port row of the switch that is not configured here is faulty once it has bindings', (t) => {
  const stranger = (vlan_bindings: Map<number, typeof ls1>) =>
    createDesiredBuilder({ ...gateway, ports: new Map() })(
      replicaOf({
        ...own,
        Physical_Port: [{ _uuid: port1, name: 'port1', vlan_bindings }],
        Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5 }],
      }),
      nothing,
    ).refusals
  t.same(stranger(new Map()), [])
  t.match(stranger(new Map([[0, ls1]])), [{ row: port1, fault: { on: 'port', port: port1, key: 'unspecified_fault' } }])
  t.end()
})

t.test('ACLs of a port row without a device are reported there', (t) => {
  const { forwarding, refusals } = createDesiredBuilder({ ...gateway, ports: new Map() })(
    replicaOf({
      ...own,
      Physical_Port: [{ _uuid: port1, name: 'port1', acl_bindings: new Map([[0, uuid(71)]]) }],
      ACL: [{ _uuid: uuid(71), acl_name: 'x', acl_entries: [] }],
    }),
    nothing,
  )
  t.equal(forwarding.acls.size, 0)
  t.match(refusals, [{ row: port1, fault: { on: 'port', port: port1, key: 'invalid_ACL_binding' } }])
  t.end()
})

t.test('a binding of a reserved VLAN is refused by itself; the same VLAN of another port is served', (t) => {
  const [port2, set] = [uuid(3), (...vlans: number[]) => new Set(vlans as VlanId[])]
  const bound = new Map([0, 7, 100].map((vlan) => [vlan, ls1]))
  const { forwarding, refusals } = createDesiredBuilder({
    ...gateway,
    ports: new Map([
      ['port1', 'eth1'],
      ['port2', 'eth2'],
    ]),
    reservedVlans: [
      { port: undefined, vlans: set(100) },
      { port: 'port1', vlans: set(0, 7) },
    ],
  })(
    replicaOf({
      Physical_Switch: [{ _uuid: gw, name: 'gw', ports: [port1, port2] }],
      Physical_Port: [
        { _uuid: port1, name: 'port1', vlan_bindings: new Map([...bound, [8, ls1]]) },
        { _uuid: port2, name: 'port2', vlan_bindings: bound },
      ],
      Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5 }],
    }),
    nothing,
  )
  t.same([...forwarding.bindings.keys()], ['eth1/8', 'eth2/0', 'eth2/7'])
  const reserved = 'by reserved-vlans of the configuration'
  t.same(
    refusals.map(({ row, vlan, reason, fault }) => [row, vlan, reason, fault.key]),
    [
      [port1, 0, `binding of blue: untagged frames are reserved on port1 ${reserved}`, 'invalid_vlan_map'],
      [port1, 7, `binding of blue: VLAN 7 is reserved on port1 ${reserved}`, 'invalid_vlan_map'],
      [port1, 100, `binding of blue: VLAN 100 is reserved on every port ${reserved}`, 'invalid_vlan_map'],
      [port2, 100, `binding of blue: VLAN 100 is reserved on every port ${reserved}`, 'invalid_vlan_map'],
    ],
  )
  t.end()
})
