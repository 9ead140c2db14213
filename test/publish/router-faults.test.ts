import t from 'tap'
import { until } from '../lab/until.js'
import { publishOnServer } from './publisher-on-server.js'

t.test('the faults of a router are set and cleared, and left alone in a database of several switches', async (t) => {
  const { server, client, say } = await publishOnServer(t)
  await server.ctl('add-lr', 'r')
  const id = await until('the router', () => Promise.resolve([...client.replica.table('Logical_Router').keys()][0]))
  const column = () => server.ctl('get', 'Logical_Router', 'r', 'LR_fault_status')
  await say({ routerFaults: new Map([[id, new Set(['unspecified_fault'])]]) })
  t.equal(await column(), '[unspecified_fault]')
  await say({ routerFaults: new Map() })
  t.equal(await column(), '[]')
  await server.ctl('add-ps', 'other', '--', 'set', 'Logical_Router', 'r', 'LR_fault_status=invalid_ACL_binding')
  await until('the other switch', () => Promise.resolve(client.replica.table('Physical_Switch').size === 2))
  await say({ routerFaults: new Map([[id, new Set(['unspecified_fault'])]]) })
  t.equal(await column(), '[invalid_ACL_binding]')
})
