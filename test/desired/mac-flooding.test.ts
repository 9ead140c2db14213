import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import { replicaOf, uuid } from './replica-of.js'
import { gateway, hv1, hv2, ls1, nothing, own, port1 } from './scene.js'

const mac = (number: number, locator: number) => ({
  _uuid: uuid(30 + number),
  MAC: `02:00:00:00:00:0${number}`,
  logical_switch: ls1,
  locator: uuid(locator),
})

/** Logical switch blue with three MACs behind the first two hypervisors, and whatever else. */
const blue = (config: Record<string, string> = {}, more: Parameters<typeof replicaOf>[0] = {}) =>
  replicaOf({
    ...own,
    Physical_Port: [{ _uuid: port1, name: 'port1', vlan_bindings: new Map([[0, ls1]]) }],
    Logical_Switch: [{ _uuid: ls1, name: 'blue', tunnel_key: 5001, other_config: new Map(Object.entries(config)) }],
    Ucast_Macs_Remote: [mac(1, 22), mac(2, 21), mac(3, 21)],
    ...more,
  })
const unknownDst = (...locators: number[]) => ({
  Mcast_Macs_Remote: [{ _uuid: uuid(41), MAC: 'unknown-dst', logical_switch: ls1, locator_set: uuid(51) }],
  Physical_Locator_Set: [{ _uuid: uuid(51), locators: locators.map(uuid) }],
})
const floodOf = (replica: ReturnType<typeof replicaOf>, floodsToRemoteMacs = true) => {
  const desired = createDesiredBuilder({ ...gateway, floodsToRemoteMacs })(replica, nothing)
  return { list: desired.forwarding.floods.get(ls1), isToMacs: desired.forwarding.floodedToMacs.has(ls1), desired }
}

t.test('without an unknown-dst row BUM goes to every VTEP that a remote MAC is behind, in whichever mode', (t) => {
  t.match(floodOf(blue()), { list: [hv1, hv2], isToMacs: true })
  for (const replication_mode of ['service_node', 'source_node'] as const) {
    const row = { _uuid: ls1, name: 'blue', tunnel_key: 5001, replication_mode }
    t.match(floodOf(blue({}, { Logical_Switch: [row] })), { list: [hv1, hv2], isToMacs: true })
  }
  t.end()
})

t.test('the list follows the MACs', (t) => {
  const build = createDesiredBuilder(gateway)
  const listOf = (...macs: ReturnType<typeof mac>[]) =>
    build(blue({}, { Ucast_Macs_Remote: macs }), nothing).forwarding.floods.get(ls1)
  t.same(listOf(mac(1, 22), mac(2, 21)), [hv1, hv2])
  t.same(listOf(mac(1, 22)), [hv2])
  t.same(listOf(mac(1, 24)), [], 'a MAC that is said to be behind this gateway itself is no destination')
  t.same(listOf(), [])
  t.end()
})

t.test('a row is an answer, also where none of its members can be served', (t) => {
  t.match(floodOf(blue({}, unknownDst(23))), { list: ['10.0.0.13'], isToMacs: false })
  const { list, isToMacs, desired } = floodOf(blue({}, unknownDst(25)))
  t.same(list, [])
  t.notOk(isToMacs)
  t.match(desired.refusals, [{ table: 'Mcast_Macs_Remote' }])
  t.match(floodOf(blue({}, unknownDst(24))), { list: [], isToMacs: false }, 'this gateway alone')
  t.end()
})

t.test('the logical switch decides whether, else the box', (t) => {
  const key = 'flood-to-remote-macs'
  t.match(floodOf(blue(), false), { list: [], isToMacs: false })
  t.match(floodOf(blue({ [key]: 'true' }), false), { list: [hv1, hv2], isToMacs: true })
  t.match(floodOf(blue({ [key]: 'false' })), { list: [], isToMacs: false })
  const { list, desired } = floodOf(blue({ [key]: 'maybe' }))
  t.same(list, [hv1, hv2])
  t.match(desired.refusals, [{ table: 'Logical_Switch', fault: { key: 'unspecified_fault' } }])
  t.same(floodOf(blue({ [key]: 'maybe' }, unknownDst(23))).desired.refusals, [], 'where a row says it nobody asks')
  t.end()
})
