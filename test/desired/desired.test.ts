import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import type { Vni } from '../../src/schema/vni.js'
import { replicaOf, uuid } from './replica-of.js'
import {
  gateway,
  gw,
  hv1,
  hv2,
  hv3,
  keyless,
  ls1,
  ls2,
  ls3,
  nothing,
  nothingForwarded,
  own,
  ownIp,
  plain,
  port1,
  twoSwitches,
} from './scene.js'

t.test('a bound logical switch is forwarded with its MACs and all members of unknown-dst in source_node mode', (t) => {
  const { forwarding, bound, refusals } = createDesiredBuilder(gateway)(
    replicaOf({
      ...own,
      Physical_Port: [
        {
          _uuid: port1,
          name: 'port1',
          vlan_bindings: new Map([
            [0, ls1],
            [7, ls1],
          ]),
        },
      ],
      Logical_Switch: [{ _uuid: ls1, name: 'blue net', tunnel_key: 5001, replication_mode: 'source_node' }],
      Ucast_Macs_Remote: [{ _uuid: uuid(31), MAC: '02:00:00:00:00:AA', logical_switch: ls1, locator: uuid(21) }],
      Mcast_Macs_Remote: [{ _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) }],
      Physical_Locator_Set: [{ _uuid: uuid(51), locators: [uuid(22), uuid(21), uuid(24)] }],
    }),
    nothing,
  )
  t.same(plain(forwarding), {
    ports: ['eth1'],
    switches: { [ls1]: 5001 },
    bindings: {
      'eth1/0': { netdev: 'eth1', vlan: 0, switchId: ls1 },
      'eth1/7': { netdev: 'eth1', vlan: 7, switchId: ls1 },
    },
    tunnels: { [hv1]: ownIp, [hv2]: ownIp },
    bfd: {},
    remoteMacs: { [ls1]: { '02:00:00:00:00:aa': hv1 } },
    neighbours: { [ls1]: {} },
    floods: { [ls1]: [hv1, hv2] },
    floodedToMacs: [],
    groups: {},
    origins: {},
    acls: {},
  })
  t.same([...bound], [ls1])
  t.same(refusals, [])
  t.end()
})

t.test('what is not bound here is not forwarded, and makes no tunnels', (t) => {
  const { forwarding, bound } = createDesiredBuilder(gateway)(
    replicaOf({
      ...own,
      Physical_Port: [{ _uuid: port1, name: 'port1' }],
      Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5001 }],
      Ucast_Macs_Remote: [{ _uuid: uuid(31), MAC: '02:00:00:00:00:aa', logical_switch: ls1, locator: uuid(21) }],
    }),
    nothing,
  )
  t.same(plain(forwarding), nothingForwarded)
  t.equal(bound.size, 0)
  t.end()
})

t.test('an empty or zero tunnel_key stops a logical switch without a fault, and it stays bound', (t) => {
  for (const tunnel_key of [undefined, 0]) {
    const { forwarding, bound, refusals } = createDesiredBuilder(gateway)(
      replicaOf({
        ...own,
        Physical_Port: [{ _uuid: port1, name: 'port1', vlan_bindings: new Map([[0, ls1]]) }],
        Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key }],
      }),
      { ...nothing, switches: new Map([[ls1, 5001 as Vni]]) },
    )
    t.same(plain(forwarding), nothingForwarded)
    t.same([...bound], [ls1])
    t.same(refusals, [])
  }
  t.end()
})

t.test('of two logical switches with one key the one in the kernel stays, else the one with the lower UUID', (t) => {
  const replica = replicaOf({
    ...own,
    Physical_Port: [
      {
        _uuid: port1,
        name: 'port1',
        vlan_bindings: new Map([
          [1, ls1],
          [2, ls2],
          [3, ls3],
        ]),
      },
    ],
    Logical_Switch: [ls3, ls2, ls1].map((_uuid) => ({ _uuid, name: `ls ${_uuid.at(-1) ?? ''}`, tunnel_key: 5001 })),
  })
  for (const { present, stays } of [
    { present: new Map(), stays: ls1 },
    { present: new Map([[ls2, 5001 as Vni]]), stays: ls2 },
    {
      present: new Map([
        [ls3, 5001 as Vni],
        [ls1, 9 as Vni],
      ]),
      stays: ls3,
    },
  ]) {
    const { forwarding, refusals } = createDesiredBuilder(gateway)(replica, { ...nothing, switches: present })
    t.same([...forwarding.switches.keys()], [stays])
    t.equal(forwarding.bindings.size, 1)
    t.same(
      refusals.map(({ table, row, fault }) => ({ table, row, fault })),
      [ls1, ls2, ls3]
        .filter((row) => row !== stays)
        .map((row) => ({ table: 'Logical_Switch', row, fault: { on: 'switch', key: 'unspecified_fault' } })),
    )
  }
  t.end()
})

t.test('service_node, also when the mode is not said, floods to one member and keeps it while it is one', (t) => {
  const withMembers = (...members: number[]) =>
    replicaOf({
      ...own,
      Physical_Port: [{ _uuid: port1, name: 'port1', vlan_bindings: new Map([[0, ls1]]) }],
      Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5001 }],
      Mcast_Macs_Remote: [{ _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) }],
      Physical_Locator_Set: [{ _uuid: uuid(51), locators: members.map((member) => uuid(20 + member)) }],
    })
  const build = createDesiredBuilder(gateway)
  const floodOf = (members: number[], present: IpAddress[]) =>
    build(withMembers(...members), { ...nothing, floods: new Map([[ls1, keyless(...present)]]) }).forwarding.floods.get(
      ls1,
    )
  for (const kept of [hv1, hv2, hv3]) t.same(floodOf([1, 2, 3], [kept]), [kept])
  t.same(floodOf([2], [hv1]), [hv2])
  t.equal(floodOf([1, 2, 3], [])?.length, 1)
  t.equal(floodOf([1, 2, 3], [hv1, hv2])?.length, 1, 'a list from source_node mode is cut down')
  t.same(floodOf([4], []), [], 'ourselves are no destination')
  const { forwarding } = build(withMembers(1, 2, 3), nothing)
  t.same([...forwarding.tunnels.keys()].sort(), [hv1, hv2, hv3], 'every member may send to us')
  t.end()
})

t.test(
  'without a configured tunnel address the first usable one of tunnel_ips is used, and without any there are no tunnels',
  (t) => {
    const build = createDesiredBuilder({ ...gateway, tunnelIp: undefined })
    const withTunnelIps = (...tunnel_ips: string[]) =>
      replicaOf({
        ...own,
        Physical_Switch: [{ _uuid: gw, name: 'gw', ports: [port1], tunnel_ips }],
        Physical_Port: [{ _uuid: port1, name: 'port1', vlan_bindings: new Map([[0, ls1]]) }],
        Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5001 }],
        Ucast_Macs_Remote: [{ _uuid: uuid(31), MAC: '02:00:00:00:00:aa', logical_switch: ls1, locator: uuid(21) }],
      })
    const withAddress = { ...nothing, addresses: new Set(['10.0.0.9']) }
    t.same(plain(build(withTunnelIps('::1', '10.0.0.8', '10.0.0.9'), withAddress).forwarding.tunnels), {
      [hv1]: '10.0.0.9',
    })
    const { forwarding, refusals } = build(withTunnelIps(), nothing)
    t.same(plain(forwarding.tunnels), {})
    t.same(plain(forwarding.remoteMacs), { [ls1]: {} })
    t.equal(forwarding.bindings.size, 1, 'ports of one logical switch still reach each other')
    t.same(
      refusals.map(({ table }) => table),
      ['Physical_Switch'],
    )
    t.end()
  },
)

t.test('tables that did not change give the same objects, so that nothing in them is compared again', (t) => {
  const build = createDesiredBuilder(gateway)
  const macs = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      _uuid: uuid(1000 + index),
      MAC: `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`,
      logical_switch: index % 2 === 0 ? ls1 : ls2,
      locator: uuid(21),
    }))
  const base = replicaOf({
    ...twoSwitches,
    Ucast_Macs_Remote: macs(8),
  })
  const before = build(base, nothing).forwarding
  const same = build(replicaOf({}, base), nothing).forwarding
  t.equal(same.remoteMacs.get(ls1), before.remoteMacs.get(ls1))

  const table = new Map(base.table('Ucast_Macs_Remote'))
  const moved = table.get(uuid(1001))
  if (moved === undefined) throw new Error('no such row')
  table.set(moved._uuid, { ...moved, locator: uuid(22) })
  const after = build(
    { table: (name) => (name === 'Ucast_Macs_Remote' ? (table as never) : base.table(name)) },
    nothing,
  ).forwarding
  t.equal(after.remoteMacs.get(ls1), before.remoteMacs.get(ls1), 'the other logical switch is untouched')
  t.same(after.remoteMacs.get(ls2)?.get('02:00:00:00:00:01' as never), hv2)
  t.end()
})
