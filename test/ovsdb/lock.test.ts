import t from 'tap'
import { insert } from '../../src/schema/operations.js'
import { startBackground } from '../lab/background.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe, type ObservedClient } from './observed-client.js'

const lock = 'vtep_box'

function holds({ client }: ObservedClient, wanted: 'held' | 'waiting'): Promise<true> {
  return until(`the lock to be ${wanted}`, () =>
    Promise.resolve(client.state.kind === 'synced' && client.state.lock === wanted),
  )
}

t.test('of two clients one holds the lock and writes; the other follows when it goes', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const first = observe(t, `unix:${server.socket}`, { lock })
  t.match(await first.synced(), { lock: 'held' })
  const second = observe(t, `unix:${server.socket}`, { lock })
  t.match(await second.synced(), { lock: 'waiting' })

  await first.client.transact([insert('Logical_Switch', { name: 'of the first' })])
  await t.rejects(second.client.transact([insert('Logical_Switch', { name: 'of the second' })]), {
    code: 'not owner',
    operation: undefined,
  })
  await first.client.close()
  await holds(second, 'held')
  t.match(await second.client.transact([insert('Logical_Switch', { name: 'of the second' })]), [{ kind: 'inserted' }])
})

t.test('a stolen lock comes back when the thief lets go', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`, { lock })
  await observed.synced()
  await holds(observed, 'held')

  const thief = startBackground(['ovsdb-client', 'steal', `unix:${server.socket}`, lock])
  t.teardown(() => thief.stop('SIGKILL'))
  await holds(observed, 'waiting')
  await t.rejects(observed.client.transact([insert('Logical_Switch', { name: 'blue' })]), { code: 'not owner' })
  await thief.stop()
  await holds(observed, 'held')
  await observed.client.transact([insert('Logical_Switch', { name: 'blue' })])
})

t.test('a name that the server would refuse is refused at once', (t) => {
  t.throws(() => observe(t, 'unix:/nowhere', { lock: 'vtep-box' }), {
    code: 'bad value',
    message: /"vtep-box" is not an <id>/,
  })
  t.end()
})

t.test('the lock is asked for again after a reconnect', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`, { lock })
  await observed.synced()
  await server.kill()
  await observed.reaches('backoff')
  await server.start()
  t.match(await observed.synced(), { lock: 'held' })
  t.match(await server.control('ovsdb-server/list-dbs'), /hardware_vtep/)
  await observed.client.transact([insert('Logical_Switch', { name: 'blue' })])
})
