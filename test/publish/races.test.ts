import t from 'tap'
import type { Uuid } from '../../src/ovsdb/notation.js'
import type { Mac } from '../../src/schema/mac.js'
import { until } from '../lab/until.js'
import { publishOnServer } from './publisher-on-server.js'

t.test('a port that somebody adds between the dump and the commit does not get a second row', async (t) => {
  const { server, client, operationsOn, settled, say } = await publishOnServer(t)
  const operations = operationsOn(client.replica, { ports: ['port1', 'port2'] })
  await server.ctl('add-port', 'gw', 'port2')
  await t.rejects(client.transact(operations), { code: 'timed out', table: 'Physical_Switch' })
  t.equal(await server.ctl('list-ports', 'gw'), 'port1\nport2')
  await settled()
  await say({ ports: ['port1', 'port2', 'port3'] })
  t.equal(await server.ctl('list-ports', 'gw'), 'port1\nport2\nport3')
})

t.test('a switch that somebody adds between the dump and the commit is not made a second time', async (t) => {
  const { server, client, operationsOn, say } = await publishOnServer(t)
  const operations = operationsOn(client.replica, { switchName: 'gw2' })
  await server.ctl('add-ps', 'gw2')
  await t.rejects(client.transact(operations), { code: 'timed out', table: 'Global' })
  await say({ switchName: 'gw2' })
  t.equal(await server.ctl('list-ports', 'gw2'), 'port1')
})

t.test('local MACs stand at a locator of ours without a key, also where one with a key is there', async (t) => {
  const { server, client, say } = await publishOnServer(t)
  await server.transact(
    { op: 'insert', table: 'Logical_Switch', row: { name: 'ls0', tunnel_key: 5001 }, 'uuid-name': 'ls' },
    {
      op: 'insert',
      table: 'Physical_Locator',
      row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: '10.0.0.1', tunnel_key: 5001 },
      'uuid-name': 'keyed',
    },
    {
      op: 'insert',
      table: 'Ucast_Macs_Remote',
      row: { MAC: '02:00:00:00:00:99', logical_switch: ['named-uuid', 'ls'], locator: ['named-uuid', 'keyed'] },
    },
  )
  const id = await until('the replica to have the logical switch', () =>
    Promise.resolve([...client.replica.table('Logical_Switch').keys()][0]),
  )
  const mac = '02:00:00:00:00:01' as Mac
  await say({ bound: new Set<Uuid>([id]), localMacs: new Map([[id, new Set([mac])]]) })
  const locators = client.replica.table('Physical_Locator')
  t.equal(locators.size, 2)
  for (const { locator } of client.replica.table('Ucast_Macs_Local').values()) {
    t.match(locators.get(locator), { dst_ip: '10.0.0.1', tunnel_key: undefined })
  }
  t.equal(client.replica.table('Ucast_Macs_Local').size, 1)
  for (const { locators: members } of client.replica.table('Physical_Locator_Set').values()) {
    t.same(
      members.map((member) => locators.get(member)?.tunnel_key),
      [undefined],
    )
  }
})
