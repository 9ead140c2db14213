import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import type { Present } from '../../src/desired/present.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import type { Locator } from '../../src/schema/locator.js'
import { replicaOf, uuid } from './replica-of.js'
import { gateway, gw, hv1, hv2, hv3, keyless, ls1, nothing, own, port1 } from './scene.js'

const enabled = new Map([['enable', 'true']])

/** A logical switch in service_node mode with three members, and Tunnel rows 61, 62, ... of this gateway. */
const withTunnels = (...tunnels: { remote: number; params?: ReadonlyMap<string, string>; status?: string }[]) =>
  replicaOf({
    ...own,
    Physical_Switch: [{ _uuid: gw, name: 'gw', ports: [port1], tunnels: tunnels.map((_, index) => uuid(61 + index)) }],
    Physical_Port: [{ _uuid: port1, name: 'port1', vlan_bindings: new Map([[0, ls1]]) }],
    Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5001 }],
    Mcast_Macs_Remote: [{ _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) }],
    Physical_Locator_Set: [{ _uuid: uuid(51), locators: [uuid(21), uuid(22)] }],
    Ucast_Macs_Remote: [],
    Logical_Router: [],
    Tunnel: tunnels.map(({ remote, params = new Map(), status }, index) => ({
      _uuid: uuid(61 + index),
      local: uuid(24),
      remote: uuid(remote),
      bfd_params: params,
      bfd_status: new Map(status === undefined ? [] : [['state', status]]),
    })),
  })

t.test('a tunnel in use has a BFD session where its row asks for one', (t) => {
  const build = createDesiredBuilder(gateway)
  const { forwarding, refusals } = build(
    withTunnels({ remote: 21, params: enabled }, { remote: 22 }, { remote: 23, params: enabled }),
    nothing,
  )
  t.same([...forwarding.bfd.keys()], [hv1], `neither ${hv2}, which is not asked, nor ${hv3}, which is no member`)
  t.same(refusals, [])
  t.end()
})

t.test('of two rows for one remote VTEP that with bfd_params stands', (t) => {
  const build = createDesiredBuilder(gateway)
  const { forwarding } = build(withTunnels({ remote: 21 }, { remote: 21, params: enabled }), nothing)
  t.same([...forwarding.bfd.keys()], [hv1])
  t.end()
})

t.test('a bad value is refused at its row, and the session goes on', (t) => {
  const params = new Map([...enabled, ['min_rx', '0']])
  const { forwarding, refusals } = createDesiredBuilder(gateway)(withTunnels({ remote: 21, params }), nothing)
  t.equal(forwarding.bfd.get(hv1)?.minRxMs, 1000)
  t.match(refusals, [
    { table: 'Tunnel', row: uuid(61), subject: `BFD with ${hv1}`, fault: { on: 'switch', key: 'unspecified_fault' } },
  ])
  t.end()
})

t.test('what we write about a session changes nothing that should be', (t) => {
  const build = createDesiredBuilder(gateway)
  const base = withTunnels({ remote: 21, params: enabled, status: 'down' })
  const before = build(base, nothing)
  const { table } = withTunnels({ remote: 21, params: enabled, status: 'up' })
  t.equal(build({ table: (name) => (name === 'Tunnel' ? table(name) : base.table(name)) }, nothing), before)
  t.end()
})

t.test('service_node: the member is one that BFD does not call unreachable', (t) => {
  const build = createDesiredBuilder(gateway)
  const replica = withTunnels({ remote: 21, params: enabled }, { remote: 22, params: enabled })
  const choose = (present: readonly IpAddress[], ...unreachable: IpAddress[]) =>
    build(replica, {
      ...nothing,
      floods: new Map([[ls1, keyless(...present)]]),
      unreachable: new Set(unreachable),
    }).forwarding.floods.get(ls1)
  for (const [kept, other] of [
    [hv1, hv2],
    [hv2, hv1],
  ] as const) {
    t.same(choose([kept]), [kept], 'stable while it lives')
    t.same(choose([kept], other), [kept], 'whatever the others do')
    t.same(choose([kept], kept), [other], 'another one when it died')
    t.same(choose([kept], hv1, hv2), [kept], 'none is healthy: the last is kept')
    t.same(choose([], kept), [other])
  }
  t.equal(choose([], hv1, hv2)?.length, 1, 'none is healthy and none was there: one all the same')
  t.end()
})

t.test(
  'service_node: a member that BFD knows to be healthy goes before those without BFD, and those before dead ones',
  (t) => {
    const build = createDesiredBuilder(gateway)
    const replica = withTunnels({ remote: 21 }, { remote: 22, params: enabled })
    const choose = (present: IpAddress, found: Partial<Pick<Present, 'healthy' | 'unreachable'>>) =>
      build(replica, { ...nothing, floods: new Map([[ls1, keyless(present)]]), ...found }).forwarding.floods.get(ls1)
    t.same(choose(hv1, { healthy: new Set([hv2]) }), [hv2])
    t.same(choose(hv2, { healthy: new Set([hv2]) }), [hv2])
    t.same(choose(hv1, {}), [hv1], 'of nobody anything is known: the present one')
    t.same(choose(hv2, { unreachable: new Set([hv2]) }), [hv1])
    t.end()
  },
)

t.test('service_node: logical switches are spread over the healthy members', (t) => {
  const ids = Array.from({ length: 64 }, (_, index) => uuid(100 + index))
  const replica = replicaOf({
    ...own,
    Physical_Port: [
      { _uuid: port1, name: 'port1', vlan_bindings: new Map(ids.map((id, index) => [index + 1, id] as const)) },
    ],
    Logical_Switch: ids.map((_uuid, index) => ({ _uuid, name: `ls${index}`, tunnel_key: 1 + index })),
    Mcast_Macs_Remote: ids.map((logical_switch, index) => ({
      _uuid: uuid(300 + index),
      MAC: 'unknown-dst',
      logical_switch,
      locator_set: uuid(51),
    })),
    Physical_Locator_Set: [{ _uuid: uuid(51), locators: [uuid(21), uuid(22), uuid(23)] }],
  })
  const { floods } = createDesiredBuilder(gateway)(replica, { ...nothing, unreachable: new Set([hv2]) }).forwarding
  const counts = new Map<Locator | undefined, number>()
  for (const [member] of floods.values()) counts.set(member, (counts.get(member) ?? 0) + 1)
  t.same([...counts.keys()].sort(), [hv1, hv3])
  for (const count of counts.values()) t.ok(count >= 16, `${count} of ${ids.length}`)
  t.end()
})
