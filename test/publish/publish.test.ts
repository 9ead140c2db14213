import t from 'tap'
import type { Uuid } from '../../src/ovsdb/notation.js'
import type { Mac } from '../../src/schema/mac.js'
import { until } from '../lab/until.js'
import { column, logicalSwitch, publishOnServer } from './publisher-on-server.js'

const mac = '02:00:00:00:00:01' as Mac

t.test(
  'an empty database gets its rows in one transaction, and a second gateway process changes none of them',
  async (t) => {
    const first = await publishOnServer(t, {
      description: 'rack 4',
      managementIps: ['192.0.2.9'],
      managers: ['ptcp:0:127.0.0.1'],
    })
    t.equal(first.transactions(), 1)
    t.same(await column(first, 'Physical_Switch', 'name'), ['gw'])
    t.same(await column(first, 'Physical_Switch', 'tunnel_ips'), ['10.0.0.1'])
    t.same(await column(first, 'Physical_Switch', 'description'), ['rack 4'])
    t.same(await column(first, 'Physical_Switch', 'management_ips'), ['192.0.2.9'])
    t.same(await column(first, 'Physical_Port', 'name'), ['port1'])
    t.equal(await first.server.ctl('get-manager'), 'ptcp:0:127.0.0.1')
    const before = await first.server.ctl('--columns=_uuid,name', 'list', 'Physical_Port')

    await first.say({ managers: [], ports: ['port1', 'port 2'] })
    t.equal(await first.server.ctl('get-manager'), 'ptcp:0:127.0.0.1', 'a manager is never removed')
    t.same((await column(first, 'Physical_Port', 'name')).sort(), ['port 2', 'port1'])
    await first.say({ ports: ['port1'] })
    t.match(await first.server.ctl('--columns=_uuid,name', 'list', 'Physical_Port'), before.split('\n')[0]!)
    t.equal(
      (await column(first, 'Physical_Port', 'name')).length,
      2,
      'a port that is not configured any more keeps its row',
    )
  },
)

t.test('rows that somebody made before are found by name and adopted, and what others own is left alone', async (t) => {
  const published = await publishOnServer(t, { switchName: 'other' })
  await published.server.ctl(
    'add-ps',
    'gw',
    '--',
    'add-port',
    'gw',
    'port1',
    '--',
    'set',
    'Physical_Switch',
    'gw',
    'description=theirs',
    'other_config:a=b',
  )
  const [id] = await column(published, 'Physical_Switch', '_uuid', 'name=gw')
  await published.say({ switchName: 'gw' })
  t.same(await column(published, 'Physical_Switch', '_uuid', 'name=gw'), [id])
  t.same(await column(published, 'Physical_Switch', 'description', 'name=gw'), ['theirs'])
  t.same(await column(published, 'Physical_Switch', 'tunnel_ips', 'name=gw'), ['10.0.0.1'])
  t.equal(await published.server.ctl('list-ports', 'gw'), 'port1')
})

t.test(
  'a bound logical switch gets its local rows, and they go at once with the last binding so that it can be deleted',
  async (t) => {
    const published = await publishOnServer(t)
    const id = await logicalSwitch(published, 'ls0', 5001)
    await published.say({ bound: new Set([id]), localMacs: new Map([[id, new Set([mac])]]) })
    t.match(
      await published.server.ctl('list-local-macs', 'ls0'),
      /ucast-mac-local\n *02:00:00:00:00:01 -> vxlan_over_ipv4\/10\.0\.0\.1\n+mcast-mac-local\n *unknown-dst -> vxlan_over_ipv4\/10\.0\.0\.1/,
    )
    const count = published.transactions()
    await published.say({ localMacs: new Map([[id, new Set([mac])]]) })
    t.equal(published.transactions(), count, 'what is said already is not written again')

    await published.say({ bound: new Set() })
    await published.server.ctl('del-ls', 'ls0')
    t.same(await column(published, 'Physical_Locator', 'dst_ip'), [], 'nothing is left behind')
    t.same(published.warnings, [])
  },
)

t.test('a locator that the controller made is used, and one locator set serves all logical switches', async (t) => {
  const published = await publishOnServer(t)
  const [a, b] = [await logicalSwitch(published, 'a', 1), await logicalSwitch(published, 'b', 2)]
  await published.server.ctl('add-ucast-remote', 'a', '02:00:00:00:00:99', '10.0.0.1')
  await published.say({ bound: new Set([a, b]), localMacs: new Map([[a, new Set([mac])]]) })
  t.same(await column(published, 'Physical_Locator', 'dst_ip'), ['10.0.0.1'])
  t.equal((await column(published, 'Physical_Locator_Set', '_uuid')).length, 1)
  t.equal((await column(published, 'Mcast_Macs_Local', '_uuid')).length, 2)
})

t.test(
  'local rows that a controller deletes come back while the logical switch is bound, and strange ones go',
  async (t) => {
    const published = await publishOnServer(t)
    const id = await logicalSwitch(published, 'ls0', 5001)
    await published.say({ bound: new Set([id]), localMacs: new Map([[id, new Set([mac])]]) })
    await published.server.ctl(
      'clear-local-macs',
      'ls0',
      '--',
      'add-ucast-local',
      'ls0',
      '02:00:00:00:00:77',
      '10.0.0.1',
    )
    await until('the rows to come back', async () => (await column(published, 'Mcast_Macs_Local', 'MAC')).length === 1)
    await published.settled()
    t.same(await column(published, 'Ucast_Macs_Local', 'MAC'), [mac])
  },
)

t.test('faults are set and cleared, and written again when the server lost them', async (t) => {
  const published = await publishOnServer(t)
  const [port] = await column(published, 'Physical_Port', '_uuid')
  await published.say({
    switchFaults: new Set(['unspecified_fault']),
    portFaults: new Map([[port as Uuid, new Set(['invalid_vlan_map'])]]),
  })
  t.same(await column(published, 'Physical_Switch', 'switch_fault_status'), ['unspecified_fault'])
  await published.server.kill()
  await published.server.start()
  await until(
    'the fault to be written again',
    async () => (await column(published, 'Physical_Port', 'port_fault_status'))[0] === 'invalid_vlan_map',
  )
  await published.settled()
  await published.say({ switchFaults: new Set(), portFaults: new Map() })
  t.same(await column(published, 'Physical_Switch', 'switch_fault_status'), [])
  t.same(await column(published, 'Physical_Port', 'port_fault_status'), [])
})

t.test('a binding has a row of statistics while it is bound, rewritten only when it counted', async (t) => {
  const published = await publishOnServer(t)
  await logicalSwitch(published, 'ls0', 5001)
  await published.server.ctl('bind-ls', 'gw', 'port1', '7', 'ls0')
  await until('the replica to have the binding', async () =>
    Promise.resolve(
      [...published.client.replica.table('Physical_Port').values()].some((row) => row.vlan_bindings.size === 1),
    ),
  )
  const totals = {
    port: 'port1',
    vlan: 7,
    packetsFromLocal: 3n,
    bytesFromLocal: 300n,
    packetsToLocal: 2n,
    bytesToLocal: 200n,
  }
  await published.say({ totals: [totals] })
  const read = () =>
    published.server.ctl(
      '--bare',
      '--columns=_uuid,packets_from_local,bytes_from_local,packets_to_local,bytes_to_local',
      'list',
      'Logical_Binding_Stats',
    )
  const first = await read()
  t.match(first, /\n3\n300\n2\n200$/)
  await published.say({ totals: [{ ...totals, packetsFromLocal: 4n, bytesFromLocal: 2n ** 40n }] })
  const [id] = first.split('\n')
  t.equal(await read(), `${id ?? ''}\n4\n${2 ** 40}\n2\n200`, 'the row stays the same')
  await published.server.ctl('unbind-ls', 'gw', 'port1', '7')
  await until('the statistics to go', async () => (await read()) === '')
})

t.test('with two switches in one database each keeps to its own rows', async (t) => {
  const published = await publishOnServer(t)
  const id = await logicalSwitch(published, 'ls0', 5001)
  await published.server.ctl(
    'add-ps',
    'gw2',
    '--',
    'set',
    'Physical_Switch',
    'gw2',
    'tunnel_ips=10.0.0.2',
    '--',
    'add-ucast-local',
    'ls0',
    '02:00:00:00:00:22',
    '10.0.0.2',
    '--',
    'add-mcast-local',
    'ls0',
    'unknown-dst',
    '10.0.0.2',
  )
  await published.say({ bound: new Set([id]), localMacs: new Map([[id, new Set([mac])]]) })
  t.same((await column(published, 'Ucast_Macs_Local', 'MAC')).sort(), [mac, '02:00:00:00:00:22'])
  await published.say({ bound: new Set() })
  t.same(await column(published, 'Ucast_Macs_Local', 'MAC'), ['02:00:00:00:00:22'])
  t.equal((await column(published, 'Mcast_Macs_Local', 'MAC')).length, 1)
})

t.test('a transaction that cannot succeed is tried again with pauses, and the rest follows when it can', async (t) => {
  const published = await publishOnServer(t)
  const ghost = '11111111-1111-4111-8111-111111111111' as Uuid
  const said = published.say({ bound: new Set([ghost]) })
  await until('two refusals', async () => Promise.resolve(published.warnings.length >= 2))
  t.match(published.warnings[0], 'referential integrity violation')
  await Promise.all([said, published.say({ bound: new Set() })])
})
