import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import type { UcastMacsRemoteRow } from '../../src/schema/rows.generated.js'
import { replicaOf, uuid } from './replica-of.js'
import { gateway, hv1, ls1, ls2, nothing, plain, twoSwitches } from './scene.js'

const a = '02:00:00:00:00:0a'
const b = '02:00:00:00:00:0b'

/** A row of the first logical switch behind the first hypervisor, unless it says otherwise. */
const mac = (number: number, MAC: string, ipaddr: string, more: Partial<UcastMacsRemoteRow> = {}) => ({
  _uuid: uuid(number),
  MAC,
  ipaddr,
  logical_switch: ls1,
  locator: uuid(21),
  ...more,
})

type Row = ReturnType<typeof mac>

const replica = (...rows: readonly Row[]) => replicaOf({ ...twoSwitches, Ucast_Macs_Remote: rows })

/** Which addresses of the first logical switch are answered for, and which rows are refused. */
function known(rows: readonly Row[], present = nothing, builder = createDesiredBuilder(gateway)) {
  const { forwarding, refusals } = builder(replica(...rows), present)
  return {
    neighbours: plain(forwarding.neighbours.get(ls1)),
    refused: refusals.map(({ row, reason }) => [row, reason]),
  }
}

t.test('addresses of remote MACs are answered for, in their logical switch and in canonical text', (t) => {
  const rows = [
    mac(41, a, '10.1.0.1'),
    mac(42, '02:00:00:00:00:0B', 'FD00:0::1'),
    mac(43, a, '10.1.0.1', { logical_switch: ls2 }),
    mac(44, '02:00:00:00:00:0c', ''),
  ]
  t.same(known(rows), { neighbours: { '10.1.0.1': a, 'fd00::1': b }, refused: [] })
  t.end()
})

t.test('a MAC has the addresses of all its rows that are served', (t) => {
  const rows = [mac(41, a, '10.1.0.1'), mac(42, a, '10.1.0.2'), mac(43, a, '10.1.0.1')]
  t.same(known(rows), { neighbours: { '10.1.0.1': a, '10.1.0.2': a }, refused: [] })
  const { neighbours, refused } = known([...rows, mac(44, a, '10.1.0.4', { locator: uuid(22) })])
  t.same(neighbours, { '10.1.0.1': a, '10.1.0.2': a })
  t.match(refused, [[uuid(44), /another locator/]])
  t.end()
})

t.test('an address that two MACs claim is left to them, until one of them lets go', (t) => {
  const build = createDesiredBuilder(gateway)
  const [first, second] = [mac(41, a, '10.1.0.1'), mac(42, b, '10.1.0.1', { locator: uuid(22) })]
  t.same(known([first], nothing, build).neighbours, { '10.1.0.1': a })
  t.same(known([first, second], nothing, build), { neighbours: {}, refused: [] })
  t.same(known([second], nothing, build).neighbours, { '10.1.0.1': b })
  t.end()
})

t.test('a row that stands when another one goes brings its address', (t) => {
  const build = createDesiredBuilder(gateway)
  const [first, second] = [mac(41, a, '10.1.0.1'), mac(42, a, '10.1.0.2', { locator: uuid(22) })]
  t.same(known([first, second], nothing, build).neighbours, { '10.1.0.1': a })
  t.same(known([second], nothing, build).neighbours, { '10.1.0.2': a })
  t.end()
})

t.test('an address that cannot be read is refused; its MAC is served', (t) => {
  const build = createDesiredBuilder(gateway)
  const { forwarding, refusals } = build(replica(mac(41, a, '10.1.0.300'), mac(42, b, '10.1.0.2')), nothing)
  t.same(plain(forwarding.neighbours), { [ls1]: { '10.1.0.2': b }, [ls2]: {} })
  t.same([...(forwarding.remoteMacs.get(ls1)?.keys() ?? [])], [a, b])
  t.match(refusals, [
    {
      table: 'Ucast_Macs_Remote',
      row: uuid(41),
      subject: `${a} in one`,
      reason: 'ipaddr "10.1.0.300" is neither an IPv4 nor an IPv6 address; the MAC is served',
      fault: { on: 'switch', key: 'unspecified_fault' },
    },
  ])
  t.end()
})

t.test('routers are found by their link-local addresses, for which nothing is answered', (t) => {
  t.same(known([mac(41, a, 'fe80::1')]), { neighbours: {}, refused: [] })
  t.end()
})

t.test('nothing is answered in the name of what lies behind a dead VTEP', (t) => {
  const rows = [mac(41, a, '10.1.0.1'), mac(42, b, '10.1.0.2', { locator: uuid(22) })]
  const dead = { ...nothing, unreachable: new Set([hv1]) }
  t.same(known(rows, dead).neighbours, { '10.1.0.2': b })
  const build = createDesiredBuilder(gateway)
  known(rows, dead, build)
  t.same(known(rows, nothing, build).neighbours, { '10.1.0.1': a, '10.1.0.2': b })
  t.end()
})

t.test('nothing is answered in the name of a MAC that is refused, until it is served', (t) => {
  const build = createDesiredBuilder(gateway)
  const [ourselves, nowhere] = [uuid(24), uuid(25)]
  const other = mac(42, b, '10.1.0.2')
  for (const locator of [ourselves, nowhere]) {
    t.same(known([mac(41, a, '10.1.0.1', { locator }), other], nothing, build).neighbours, { '10.1.0.2': b })
    t.same(known([mac(41, a, '10.1.0.1'), other], nothing, build).neighbours, { '10.1.0.1': a, '10.1.0.2': b })
  }
  t.end()
})

t.test('nothing is answered in the name of what lies behind a locator whose key another logical switch has', (t) => {
  const keyed = { _uuid: uuid(26), encapsulation_type: 'vxlan_over_ipv4' as const, dst_ip: hv1, tunnel_key: 2 }
  const rows = {
    ...twoSwitches,
    Physical_Locator: [...twoSwitches.Physical_Locator, keyed],
    Ucast_Macs_Remote: [
      mac(41, a, '10.1.0.1', { locator: keyed._uuid }),
      mac(42, b, '10.1.0.2'),
      mac(43, b, '10.1.0.3', { logical_switch: ls2 }),
    ],
  }
  const { forwarding } = createDesiredBuilder(gateway)(replicaOf(rows), nothing)
  t.same(plain(forwarding.remoteMacs), { [ls1]: { [b]: hv1 }, [ls2]: { [b]: hv1 } })
  t.same(plain(forwarding.neighbours), { [ls1]: { '10.1.0.2': b }, [ls2]: { '10.1.0.3': b } })
  t.end()
})

t.test('nothing is answered without a tunnel address or in a logical switch that carries nothing', (t) => {
  const rows = [mac(41, a, '10.1.0.1')]
  const without = createDesiredBuilder({ ...gateway, tunnelIp: undefined })
  t.same(known(rows, nothing, without).neighbours, {})
  const inactive = { ...twoSwitches, Logical_Switch: [{ _uuid: ls1, name: 'one' }], Ucast_Macs_Remote: rows }
  t.equal(createDesiredBuilder(gateway)(replicaOf(inactive), nothing).forwarding.neighbours.size, 0)
  t.end()
})

t.test('the logical switch says whether anything is answered; what it does not say, the box does', (t) => {
  const rows = [mac(41, a, '10.1.0.1')]
  const read = (arpNdSuppression: boolean, ...said: [string, string][]) => {
    const Logical_Switch = [{ _uuid: ls1, name: 'one', tunnel_key: 1, other_config: new Map(said) }]
    const scene = replicaOf({ ...twoSwitches, Logical_Switch, Ucast_Macs_Remote: rows })
    const { forwarding, refusals } = createDesiredBuilder({ ...gateway, arpNdSuppression })(scene, nothing)
    const reasons = refusals.filter(({ table }) => table === 'Logical_Switch').map(({ reason }) => reason)
    return [forwarding.neighbours.get(ls1)?.size, ...reasons]
  }
  t.same(read(true), [1])
  t.same(read(false), [0])
  t.same(read(true, ['arp-nd-suppression', 'false']), [0])
  t.same(read(false, ['arp-nd-suppression', 'true']), [1])
  const complaint = 'other_config:arp-nd-suppression "no" is neither true nor false; this box\'s default holds: true'
  t.same(read(true, ['arp-nd-suppression', 'no']), [1, complaint])
  t.end()
})

t.test('a change elsewhere, or of a locator, leaves the addresses of a logical switch the same object', (t) => {
  const build = createDesiredBuilder(gateway)
  const rows = [mac(41, a, '10.1.0.1'), mac(42, b, '')]
  const former = build(replica(...rows), nothing).forwarding.neighbours.get(ls1)
  const moved = [mac(41, a, '10.1.0.1', { locator: uuid(22) }), mac(42, b, '', { locator: uuid(22) })]
  t.equal(build(replica(...moved), nothing).forwarding.neighbours.get(ls1), former)
  t.equal(build(replica(...moved, mac(43, '02:00:00:00:00:0c', '')), nothing).forwarding.neighbours.get(ls1), former)
  t.end()
})
