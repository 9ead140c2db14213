import t, { type Test } from 'tap'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe, type ObservedClient } from './observed-client.js'
import { relayWithout } from './older-server.js'
import { randomTransactions } from './random-transactions.js'
import { dumpReplica, dumpServer } from './server-dump.js'

const rounds = 12
const transactionsPerRound = 12

const releases = [
  { method: 'monitor_cond_since', lacking: [] },
  { method: 'monitor_cond', lacking: ['monitor_cond_since'] },
  { method: 'monitor', lacking: ['monitor_cond_since', 'monitor_cond', 'set_db_change_aware'] },
]

for (const [index, { method, lacking }] of releases.entries()) {
  t.test(`after random transactions the replica by ${method} is what ovsdb-client dumps`, async (t) => {
    const server = await startOvsdbServer()
    t.teardown(() => server.close())
    const socket = await relayWithout(t, lacking, server.socket)
    const { initial, next } = randomTransactions(20260 + index)
    await server.transact(...initial)

    const observed = observe(t, `unix:${socket}`)
    await observed.synced()
    t.match(observed.logged.join('\n'), `ovsdb_synced {"method":"${method}"`)
    await compare(t, observed, server.socket, 'the dump')
    let committed = 0
    for (let round = 1; round <= rounds; round++) {
      for (let i = 0; i < transactionsPerRound; i++) if (isCommitted(await server.transact(...next()))) committed++
      await compare(t, observed, server.socket, `round ${round}`)
    }
    t.ok(committed > rounds * transactionsPerRound * 0.6, `${committed} transactions were committed`)
    t.strictSame(
      observed.states.map((state) => state.kind),
      ['connecting', 'synchronizing', 'synced'],
      'one connection did',
    )
  })
}

t.test('the database file is compacted under a monitor', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  await server.ctl('add-ls', 'before')
  await server.compact()
  await server.ctl('add-ls', 'after')
  await compare(t, observed, server.socket, 'after compaction')
  t.equal(observed.client.replica.table('Logical_Switch').size, 2)
})

t.test('a transaction is seen as a whole', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  await server.ctl(
    'add-ps',
    'box',
    '--',
    'add-port',
    'box',
    'eth1',
    '--',
    'add-ls',
    'blue',
    '--',
    'bind-ls',
    'box',
    'eth1',
    '7',
    'blue',
  )
  await until('the binding to arrive', () => Promise.resolve(observed.changes.length > 1))
  const [, replica] = observed.changes
  const [port] = replica?.table('Physical_Port').values() ?? []
  t.strictSame([...(port?.vlan_bindings ?? [])], [[7, [...(replica?.table('Logical_Switch').keys() ?? [])][0]]])
  t.equal(replica?.table('Global').size, 1)
  t.equal(observed.changes.length, 2, 'the empty dump, and the transaction')
})

t.test('rows and tables without a change stay the same objects', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  await server.ctl('add-ls', 'red', '--', 'add-ls', 'blue', '--', 'add-ps', 'box')
  await compare(t, observed, server.socket, 'before')
  const before = observed.client.replica
  await server.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5')
  await compare(t, observed, server.socket, 'after')
  const after = observed.client.replica

  t.not(after, before)
  t.equal(after.table('Physical_Switch'), before.table('Physical_Switch'), 'the table of another kind')
  for (const [uuid, row] of after.table('Logical_Switch')) {
    const was = before.table('Logical_Switch').get(uuid)
    if (row.name === 'red') t.equal(row, was, 'the row of another switch')
    else t.strictSame([was?.tunnel_key, row.tunnel_key], [undefined, 5], 'the old row keeps the old value')
  }
})

t.test('only what was selected is monitored, and the rest has defaults', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  await server.ctl(
    'add-ls',
    'blue',
    '--',
    'set',
    'Logical_Switch',
    'blue',
    'tunnel_key=5',
    'description=long',
    '--',
    'add-ps',
    'box',
  )
  const observed = observe(t, `unix:${server.socket}`, { monitor: { Logical_Switch: ['name'], Physical_Port: [] } })
  await observed.synced()
  const { replica } = observed.client
  t.match([...replica.table('Logical_Switch').values()], [{ name: 'blue', tunnel_key: undefined, description: '' }])
  t.equal(replica.table('Physical_Switch').size, 0)

  await server.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=6')
  await server.ctl('set', 'Logical_Switch', 'blue', 'name=navy')
  await until('the name to arrive', () => Promise.resolve(observed.changes.length > 1))
  t.match([...observed.client.replica.table('Logical_Switch').values()], [{ name: 'navy', tunnel_key: undefined }])
  t.equal(observed.changes.length, 2, 'the change of the key was not reported')
})

/** Some random transactions break a rule of the schema, such as a name given twice, and change nothing. */
function isCommitted(results: unknown): boolean {
  return !JSON.stringify(results).includes('"error"')
}

async function compare(t: Test, { client }: ObservedClient, socket: string, when: string): Promise<void> {
  const wanted = await dumpServer(socket)
  const text = JSON.stringify(sorted(wanted))
  await until(when, () => Promise.resolve(JSON.stringify(sorted(dumpReplica(client.replica))) === text), 2000).catch(
    () => undefined,
  )
  t.strictSame(dumpReplica(client.replica), wanted, when)
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}
