import t from 'tap'
import { startOvsdbServer, type OvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from './observed-client.js'

const rows = 20_000

/** Remote MACs of one logical switch, 5000 to a transaction: the command line of ovsdb-client has a limit. */
async function fill(server: OvsdbServer): Promise<void> {
  await server.ctl('add-ls', 'blue', '--', 'add-ucast-remote', 'blue', '02:ff:ff:ff:ff:ff', '192.0.2.1')
  const [selected] = (await server.transact({ op: 'select', table: 'Ucast_Macs_Remote', where: [] })) as [
    { rows: [{ logical_switch: unknown; locator: unknown }] },
  ]
  const [{ logical_switch, locator }] = selected.rows
  for (let from = 0; from < rows - 1; from += 500) {
    await server.transact(
      ...Array.from({ length: Math.min(500, rows - 1 - from) }, (_, i) => ({
        op: 'insert',
        table: 'Ucast_Macs_Remote',
        row: { MAC: macOf(from + i), logical_switch, locator, ipaddr: '' },
      })),
    )
  }
}

function macOf(number: number): string {
  return `02:00:00:${number
    .toString(16)
    .padStart(6, '0')
    .replace(/(..)(..)(..)/, '$1:$2:$3')}`
}

t.test('20,000 rows arrive in one dump, and again after a crash of the server as the same objects', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  await fill(server)

  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  const before = observed.client.replica.table('Ucast_Macs_Remote')
  t.equal(before.size, rows)
  t.equal(new Set([...before.values()].map((row) => row.MAC)).size, rows)
  t.equal(observed.changes.length, 1)

  await server.kill()
  await observed.reaches('backoff')
  t.equal(observed.client.replica.table('Ucast_Macs_Remote'), before, 'kept while there is no server')
  await server.start()
  await observed.synced()
  t.equal(observed.client.replica.table('Ucast_Macs_Remote'), before)
  t.equal(observed.changes.length, 1, 'a dump without news is no change')

  await server.kill()
  await observed.reaches('backoff')
  await server.start()
  await server.ctl('del-ucast-remote', 'blue', macOf(7))
  await until('the dump with one row less', () =>
    Promise.resolve(observed.client.replica.table('Ucast_Macs_Remote') !== before),
  )
  const after = observed.client.replica.table('Ucast_Macs_Remote')
  t.equal(after.size, rows - 1)
  t.ok(
    [...after].every(([uuid, row]) => before.get(uuid) === row),
    'the others are the same objects',
  )
})

t.test('a burst of transactions is taken in batches and none is lost', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`)
  const writer = observe(t, `unix:${server.socket}`)
  await Promise.all([observed.synced(), writer.synced()])
  const { insert } = await import('../../src/schema/operations.js')
  const results = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => writer.client.transact([insert('Logical_Switch', { name: `ls ${i}` })])),
  )
  const uuids = results.flatMap((result) => result.map((one) => (one.kind === 'inserted' ? one.uuid : undefined)))
  const table = writer.client.replica.table('Logical_Switch')
  t.ok(
    uuids.every((uuid) => table.has(uuid!)),
    'by the time the replies are in, the replica has them',
  )
  await until('all rows', () => Promise.resolve(observed.client.replica.table('Logical_Switch').size === 1000))
  t.ok(observed.changes.length < 1001, `${observed.changes.length} changes`)
})
