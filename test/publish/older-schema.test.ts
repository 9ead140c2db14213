import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Mac } from '../../src/schema/mac.js'
import { schemaWithout } from '../lab/schema-without.js'
import { until } from '../lab/until.js'
import { publishOnServer } from './publisher-on-server.js'

t.test('a database of an older schema gets what it has columns for', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vtep-schema-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const schema = schemaWithout(directory, (tables) => {
    delete tables.Physical_Switch?.columns.switch_fault_status
    delete tables.Physical_Switch?.columns.tunnels
    delete tables.Physical_Port?.columns.port_fault_status
    delete tables.Physical_Port?.columns.vlan_stats
    delete tables.Tunnel
  })
  const { server, client, say, warnings } = await publishOnServer(t, {}, { schema })
  const port = [...client.replica.table('Physical_Port').keys()][0]!
  const named = { name: 'ls0', tunnel_key: 5001 }
  await server.transact(
    { op: 'insert', table: 'Logical_Switch', row: named, 'uuid-name': 'ls' },
    {
      op: 'update',
      table: 'Physical_Port',
      where: [],
      row: { vlan_bindings: ['map', [[7, ['named-uuid', 'ls']]]] },
    },
    {
      op: 'insert',
      table: 'Physical_Locator',
      row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: '10.0.0.11' },
      'uuid-name': 'hv',
    },
    {
      op: 'insert',
      table: 'Ucast_Macs_Remote',
      row: { MAC: '02:00:00:00:00:99', logical_switch: ['named-uuid', 'ls'], locator: ['named-uuid', 'hv'] },
    },
  )
  const id = await until('the replica to have the logical switch', () =>
    Promise.resolve([...client.replica.table('Logical_Switch').keys()][0]),
  )
  const packets = { packetsFromLocal: 3n, bytesFromLocal: 300n, packetsToLocal: 2n, bytesToLocal: 200n }
  await say({
    bound: new Set([id]),
    localMacs: new Map([[id, new Set(['02:00:00:00:00:01' as Mac])]]),
    switchFaults: new Set(['unspecified_fault']),
    portFaults: new Map([[port, new Set(['invalid_vlan_map'])]]),
    totals: [{ port: 'port1', vlan: 7, ...packets }],
  })
  t.equal(client.replica.table('Ucast_Macs_Local').size, 1)
  t.equal(client.replica.table('Mcast_Macs_Local').size, 1)
  t.same(warnings, [])
})
