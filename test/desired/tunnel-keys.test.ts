import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import { locatorOf, type Locator } from '../../src/schema/locator.js'
import type { Vni } from '../../src/schema/vni.js'
import { replicaOf, uuid } from './replica-of.js'
import { gateway, hv1, hv2, keyless, ls1, ls2, nothing, own, ownIp, plain, twoSwitches } from './scene.js'

const keyed = (ip: typeof hv1, vni: number): Locator => locatorOf(ip, vni as Vni)
/** Beside those without a key: 71 hv1 with 7001, 72 hv2 with 7001, 73 ourselves with 7001, 74 hv1 with 2, 75 with one out of range. */
const locators = {
  Physical_Locator: [
    ...own.Physical_Locator,
    ...(
      [
        [hv1, 7001],
        [hv2, 7001],
        [ownIp, 7001],
        [hv1, 2],
        [hv1, 16_777_216],
      ] as const
    ).map(([dst_ip, tunnel_key], index) => ({ _uuid: uuid(71 + index), dst_ip, tunnel_key })),
  ],
}
const mac = (row: number, logical_switch: typeof ls1, locator: number) => ({
  _uuid: uuid(row),
  MAC: `02:00:00:00:00:${row}`,
  logical_switch,
  locator: uuid(locator),
})
/** Logical switches 1 and 2 with these keys. */
const switches = (one: number | undefined, two: number | undefined) => ({
  Logical_Switch: [
    { _uuid: ls1, name: 'one', tunnel_key: one, replication_mode: 'source_node' as const },
    { _uuid: ls2, name: 'two', tunnel_key: two, replication_mode: 'source_node' as const },
  ],
})

t.test('a logical switch without a key carries traffic through locators that have one, and through no others', (t) => {
  for (const key of [undefined, 0]) {
    const { forwarding, refusals } = createDesiredBuilder(gateway)(
      replicaOf({
        ...twoSwitches,
        ...locators,
        ...switches(key, key),
        Ucast_Macs_Remote: [mac(31, ls1, 71), mac(32, ls1, 22), mac(33, ls2, 21)],
        Mcast_Macs_Remote: [{ _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) }],
        Physical_Locator_Set: [{ _uuid: uuid(51), locators: [uuid(71), uuid(72), uuid(73), uuid(21)] }],
      }),
      nothing,
    )
    const { switches: active, bindings, tunnels, remoteMacs, floods, origins } = forwarding
    t.same(plain({ active, remoteMacs, floods, origins, tunnels }), {
      active: { [ls1]: null },
      remoteMacs: { [ls1]: { '02:00:00:00:00:31': keyed(hv1, 7001) } },
      floods: { [ls1]: [keyed(hv1, 7001), keyed(hv2, 7001)] },
      origins: { [keyed(hv1, 7001)]: ls1, [keyed(hv2, 7001)]: ls1 },
      tunnels: { [hv1]: ownIp, [hv2]: ownIp },
    })
    t.equal(bindings.size, 1)
    t.match(
      refusals.map(({ row, reason }) => [row, reason]),
      [
        [ls1, /locator 10.0.0.12 is not served/],
        [ls1, /locator 10.0.0.11 is not served/],
      ],
      'and the other logical switch is not in use, which is no fault',
    )
  }
  t.end()
})

t.test('the key of a locator goes before that of the logical switch; the same key twice is one copy', (t) => {
  const { forwarding, refusals } = createDesiredBuilder(gateway)(
    replicaOf({
      ...twoSwitches,
      ...locators,
      ...switches(7001, 5),
      Ucast_Macs_Remote: [mac(31, ls2, 71), mac(32, ls2, 22)],
      Mcast_Macs_Remote: [
        { _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) },
        { _uuid: uuid(42), MAC: '01:00:5e:00:00:01', logical_switch: ls2, locator_set: uuid(52) },
      ],
      Physical_Locator_Set: [
        { _uuid: uuid(51), locators: [uuid(22), uuid(72)] },
        { _uuid: uuid(52), locators: [uuid(71), uuid(22)] },
      ],
    }),
    nothing,
  )
  t.same(plain({ macs: forwarding.remoteMacs.get(ls2), groups: forwarding.groups, floods: forwarding.floods }), {
    macs: { '02:00:00:00:00:31': keyed(hv1, 7001), '02:00:00:00:00:32': hv2 },
    groups: { [`${ls2}/01:00:5e:00:00:01`]: [keyed(hv1, 7001), hv2] },
    floods: { [ls1]: [keyed(hv2, 7001)], [ls2]: [keyed(hv1, 7001), hv2] },
  })
  t.same(refusals, [])
  t.end()
})

t.test('of two logical switches with one key at one VTEP the one in the kernel stays, else the lower UUID', (t) => {
  const replica = replicaOf({
    ...twoSwitches,
    ...locators,
    ...switches(undefined, undefined),
    Ucast_Macs_Remote: [mac(31, ls1, 71), mac(32, ls2, 71), mac(33, ls2, 72)],
  })
  for (const [present, stays] of [
    [undefined, ls1],
    [ls1, ls1],
    [ls2, ls2],
  ] as const) {
    const origins = new Map(present === undefined ? [] : [[keyed(hv1, 7001), present]])
    const { forwarding, refusals } = createDesiredBuilder(gateway)(replica, { ...nothing, origins })
    t.same(plain(forwarding.origins), { [keyed(hv1, 7001)]: stays, [keyed(hv2, 7001)]: ls2 })
    const loser = stays === ls1 ? ls2 : ls1
    t.equal([...(forwarding.remoteMacs.get(loser)?.values() ?? [])].includes(keyed(hv1, 7001)), false)
    t.same(
      refusals.map(({ table, row, fault }) => ({ table, row, fault })),
      [{ table: 'Logical_Switch', row: loser, fault: { on: 'switch', key: 'unspecified_fault' } }],
    )
  }
  t.end()
})

t.test("a locator's key may be another logical switch's own, unless that one reaches the VTEP by it", (t) => {
  const build = createDesiredBuilder(gateway)
  const rows = { ...twoSwitches, ...locators, ...switches(1, 2) }
  const apart = build(replicaOf({ ...rows, Ucast_Macs_Remote: [mac(31, ls1, 74), mac(32, ls2, 22)] }), nothing)
  t.same(plain(apart.forwarding.origins), { [keyed(hv1, 2)]: ls1 })
  t.same(apart.refusals, [])
  const both = replicaOf({ ...rows, Ucast_Macs_Remote: [mac(31, ls1, 74), mac(32, ls2, 21), mac(33, ls2, 22)] })
  const second = build(both, nothing)
  t.same(plain(second.forwarding.origins), {}, 'whose own key it is comes first')
  t.same(plain(second.forwarding.remoteMacs.get(ls2)), { '02:00:00:00:00:32': hv1, '02:00:00:00:00:33': hv2 })
  t.same(plain(second.forwarding.remoteMacs.get(ls1)), {})
  t.same(
    second.refusals.map(({ row }) => row),
    [ls1],
  )
  const first = build(both, { ...nothing, origins: new Map([[keyed(hv1, 2), ls1]]) })
  t.same(plain(first.forwarding.origins), { [keyed(hv1, 2)]: ls1 }, 'but the one in the kernel stays')
  t.same(plain(first.forwarding.remoteMacs.get(ls2)), { '02:00:00:00:00:33': hv2 })
  t.same(
    first.refusals.map(({ row }) => row),
    [ls2],
  )
  t.end()
})

t.test('a key of a locator that is out of range is refused with its row alone', (t) => {
  const { forwarding, refusals } = createDesiredBuilder(gateway)(
    replicaOf({
      ...twoSwitches,
      ...locators,
      ...switches(1, 2),
      Ucast_Macs_Remote: [mac(31, ls1, 75), mac(32, ls1, 22)],
    }),
    nothing,
  )
  t.same(plain(forwarding.remoteMacs.get(ls1)), { '02:00:00:00:00:32': hv2 })
  t.match(refusals, [{ table: 'Ucast_Macs_Remote', row: uuid(31), reason: /tunnel_key "16777216"/ }])
  t.end()
})

t.test('a group has its own list in the mode of the logical switch; of several rows the lowest UUID stands', (t) => {
  const group = '01:00:5e:00:00:01'
  const rows = (mode: 'source_node' | 'service_node') => ({
    ...twoSwitches,
    Logical_Switch: [{ _uuid: ls1, name: 'one', tunnel_key: 1, replication_mode: mode }],
    Mcast_Macs_Remote: [
      { _uuid: uuid(43), MAC: group, logical_switch: ls1, locator_set: uuid(52) },
      { _uuid: uuid(42), MAC: group.toUpperCase(), logical_switch: ls1, locator_set: uuid(51) },
      { _uuid: uuid(44), MAC: 'ff:ff:ff:ff:ff:ff', logical_switch: ls1, locator_set: uuid(53) },
      { _uuid: uuid(45), MAC: '02:00:00:00:00:01', logical_switch: ls1, locator_set: uuid(51) },
    ],
    Physical_Locator_Set: [
      { _uuid: uuid(51), locators: [uuid(21), uuid(22)] },
      { _uuid: uuid(52), locators: [uuid(23)] },
      { _uuid: uuid(53), locators: [uuid(24)] },
    ],
  })
  const build = createDesiredBuilder(gateway)
  const all = build(replicaOf(rows('source_node')), nothing)
  const [groupKey, broadcastKey] = [`${ls1}/${group}`, `${ls1}/ff:ff:ff:ff:ff:ff`]
  t.same(plain(all.forwarding.groups), { [groupKey]: [hv1, hv2], [broadcastKey]: [] })
  t.same(plain(all.forwarding.floods), { [ls1]: [] })
  t.same(all.refusals.map(({ row }) => row).sort(), [uuid(43), uuid(45)])
  for (const kept of [hv1, hv2]) {
    const groups = new Map([[groupKey as never, keyless(kept)]])
    const one = build(replicaOf(rows('service_node')), { ...nothing, groups })
    t.same(plain(one.forwarding.groups), { [groupKey]: [kept], [broadcastKey]: [] })
    const moved = build(replicaOf(rows('service_node')), { ...nothing, groups, unreachable: new Set([kept]) })
    t.same(plain(moved.forwarding.groups), { [groupKey]: [kept === hv1 ? hv2 : hv1], [broadcastKey]: [] })
  }
  t.end()
})
