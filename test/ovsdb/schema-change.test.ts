import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../lab/command.js'
import { writeOlderSchema } from '../lab/older-schema.js'
import { startOvsdbServer, vtepSchema } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from './observed-client.js'

async function olderSchema(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vtep-schema-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return writeOlderSchema(directory)
}

const missing = [
  'Physical_Port.acl_bindings',
  'Logical_Switch.replication_mode',
  'Logical_Router.acl_binding',
  'ACL_entry',
  'ACL',
]

t.test('what an older schema lacks is left out, has defaults, and is told once', async (t) => {
  const server = await startOvsdbServer({ schema: await olderSchema(t) })
  t.teardown(() => server.close())
  await server.transact({ op: 'insert', table: 'Logical_Switch', row: { name: 'blue', tunnel_key: 7 } })
  const observed = observe(t, `unix:${server.socket}`)
  t.match(await observed.synced(), { schemaVersion: '1.0.0' })
  const [row] = observed.client.replica.table('Logical_Switch').values()
  t.match(row, { name: 'blue', tunnel_key: 7, replication_mode: undefined })
  t.equal(observed.client.replica.table('ACL').size, 0)
  t.match(observed.logged.join('\n'), JSON.stringify(missing))
})

t.test('after a conversion of the running database the new columns are there', async (t) => {
  const server = await startOvsdbServer({ schema: await olderSchema(t) })
  t.teardown(() => server.close())
  await server.transact({ op: 'insert', table: 'Logical_Switch', row: { name: 'blue', tunnel_key: 7 } })
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  const before = observed.client.replica

  await run(['ovsdb-client', 'convert', `unix:${server.socket}`, vtepSchema])
  await until('the new schema', () => {
    const { state } = observed.client
    return Promise.resolve(state.kind === 'synced' && state.schemaVersion !== '1.0.0')
  })
  t.match(observed.states.find((state) => state.kind === 'backoff')?.reason.message, /canceled the monitor/)
  t.equal(observed.client.replica.table('Logical_Switch'), before.table('Logical_Switch'), 'the rows are the same')
  await server.ctl('set-replication-mode', 'blue', 'source_node')
  await until('a new column', () => {
    const [row] = observed.client.replica.table('Logical_Switch').values()
    return Promise.resolve(row?.replication_mode === 'source_node')
  })
})
