import net from 'node:net'
import t from 'tap'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from './observed-client.js'
import { dumpReplica, dumpServer } from './server-dump.js'

t.test(
  'a clustered server that was only out of reach tells the difference, and the replica goes on from there',
  async (t) => {
    const server = await startOvsdbServer({ clustered: true })
    t.teardown(() => server.close())
    // A server remembers transactions as long as they are small beside the database.
    const filling = Array.from({ length: 50 }, (_, i) => ({
      op: 'insert',
      table: 'Logical_Switch',
      row: { name: `ls ${i}` },
    }))
    await server.transact(...filling)
    await server.ctl('add-ls', 'red', '--', 'add-ls', 'blue')

    // A link that can be cut: what the server says over it is kept to see what it had to repeat.
    const links = new Set<net.Socket>()
    let said = ''
    const path = `${server.socket}.link`
    const relay = net.createServer((client) => {
      const far = net.connect(server.socket)
      links.add(client)
      for (const [end, other] of [
        [client, far],
        [far, client],
      ] as const) {
        end.on('error', () => undefined)
        end.on('close', () => other.destroy())
      }
      far.on('data', (chunk) => (said += chunk.toString()))
      client.pipe(far).pipe(client)
    })
    await new Promise<void>((resolve) => relay.listen(path, resolve))
    t.teardown(() => relay.close())

    const observed = observe(t, `unix:${path}`, { timing: { minBackoffMs: 500 } })
    await observed.synced()
    await server.ctl('set', 'Logical_Switch', 'red', 'tunnel_key=1')
    await until('the key', () => Promise.resolve(observed.changes.length === 2))
    const before = observed.client.replica.table('Logical_Switch')

    said = ''
    for (const link of links) link.destroy()
    await observed.reaches('backoff')
    await server.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=2')
    await observed.synced()

    t.match(said, /"result":\[true,"/, 'the server found the transaction that the replica had reached')
    t.notMatch(said, /"name":"red"/, 'what had not changed was not sent again')
    const after = observed.client.replica.table('Logical_Switch')
    const changed = [...after].filter(([uuid, row]) => before.get(uuid) !== row)
    t.match(
      changed.map(([, row]) => row),
      [{ name: 'blue', tunnel_key: 2 }],
      'the others are the same objects',
    )
    t.strictSame(dumpReplica(observed.client.replica), await dumpServer(server.socket))

    await server.kill()
    await observed.reaches('backoff')
    await server.start()
    await observed.synced()
    t.strictSame(dumpReplica(observed.client.replica), await dumpServer(server.socket), 'also after a restart')
  },
)
