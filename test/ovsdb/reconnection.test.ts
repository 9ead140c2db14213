import net from 'node:net'
import t, { type Test } from 'tap'
import { insert } from '../../src/schema/operations.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from './observed-client.js'
import { randomTransactions } from './random-transactions.js'
import { dumpReplica, dumpServer } from './server-dump.js'

/** A peer for what a real server never does. `behave` gets each connection with its number, counted from 1. */
async function listen(t: Test, behave: (socket: net.Socket, number: number) => void): Promise<string> {
  let number = 0
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    behave(socket, ++number)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `tcp:127.0.0.1:${(server.address() as net.AddressInfo).port}`
}

t.test(
  'a crashed and restarted server is found again; what it forgot is gone, the rest keeps its identity',
  async (t) => {
    const server = await startOvsdbServer()
    t.teardown(() => server.close())
    await server.ctl('add-ps', 'box', '--', 'add-port', 'box', 'eth1', '--', 'add-ls', 'blue')
    await server.ctl('set', 'Physical_Port', 'eth1', 'port_fault_status=unspecified_fault')
    const observed = observe(t, `unix:${server.socket}`)
    await observed.synced()
    const before = observed.client.replica

    await server.kill()
    const backoff = await observed.reaches('backoff')
    t.equal(backoff.reason.code, 'connection lost')
    t.equal(observed.client.replica, before, 'the replica is kept')
    await server.start()
    await observed.synced()

    const after = observed.client.replica
    t.not(after, before)
    t.equal(after.table('Logical_Switch'), before.table('Logical_Switch'))
    t.equal(after.table('Physical_Switch'), before.table('Physical_Switch'))
    const faults = (replica: typeof after) =>
      [...replica.table('Physical_Port').values()].map((port) => port.port_fault_status)
    t.strictSame(faults(before), [['unspecified_fault']])
    t.strictSame(faults(after), [[]], 'an ephemeral column is empty again')
    t.equal(observed.changes.length, 2)

    await server.ctl('add-ls', 'red')
    await until('news over the new connection', () =>
      Promise.resolve(observed.client.replica.table('Logical_Switch').size === 2),
    )
  },
)

t.test('through crashes amid a stream of transactions the replica ends up as the database', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const { initial, next } = randomTransactions(7)
  await server.transact(...initial)
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  for (let crash = 0; crash < 4; crash++) {
    const stream = Array.from({ length: 12 }, () => server.transact(...next()).catch(() => 'lost'))
    await Promise.race(stream)
    await server.kill()
    await Promise.all(stream)
    await server.start()
  }
  await server.ctl('add-ls', 'last')
  await until('the last transaction', () =>
    Promise.resolve([...observed.client.replica.table('Logical_Switch').values()].some(({ name }) => name === 'last')),
  )
  t.ok(observed.states.some(({ kind }) => kind === 'backoff'))
  t.strictSame(dumpReplica(observed.client.replica), await dumpServer(server.socket))
})

t.test('a server that is not there yet is waited for', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  await server.stop()
  const observed = observe(t, `unix:${server.socket}`)
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'connection failed', message: /ENOENT|ECONNREFUSED/ })
  await server.start()
  await observed.synced()
})

t.test('a server that hangs is given up, and found again when it goes on', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`, { timing: { probeIntervalMs: 150 } })
  await observed.synced()
  server.signal('SIGSTOP')
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'peer silent', message: /no answer to a probe within 150 ms/ })
  server.signal('SIGCONT')
  await observed.synced()
})

t.test('a quiet connection is kept by our probes', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`, { timing: { probeIntervalMs: 50 } })
  await observed.synced()
  await silence(500)
  t.strictSame(
    observed.states.map((state) => state.kind),
    ['connecting', 'synchronizing', 'synced'],
  )
})

t.test('a quiet connection is kept by our answers to the probes of the server', async (t) => {
  const server = await startOvsdbServer({ remotes: ['db:hardware_vtep,Global,managers'] })
  t.teardown(() => server.close())
  await server.ctl('set-manager', 'ptcp:0:127.0.0.1')
  const uuid = await server.ctl('--bare', '--columns=_uuid', 'list', 'Manager')
  await server.ctl('set', 'Manager', uuid, 'inactivity_probe=1000')
  const port = await until(
    'the manager to listen',
    async () => /\d+/.exec(await server.ctl('--bare', '--columns=status', 'list', 'Manager'))?.[0],
  )
  const observed = observe(t, `tcp:127.0.0.1:${port}`, { timing: { probeIntervalMs: 0 } })
  await observed.synced()
  await silence(2500)
  t.strictSame(
    observed.states.map((state) => state.kind),
    ['connecting', 'synchronizing', 'synced'],
  )
})

async function silence(ms: number): Promise<void> {
  const end = performance.now() + ms
  await until(`${ms} ms to pass`, () => Promise.resolve(performance.now() > end))
}

t.test("the server's echo is answered with its id and params", async (t) => {
  const answered = new Promise<unknown>((resolve) => {
    void listen(t, (socket) => {
      socket.write('{"method":"echo","id":["any",{"thing":1}],"params":["a",[2]]}')
      socket.on('data', (chunk) => {
        const text = chunk.toString()
        const at = text.indexOf('{"id":["any"')
        if (at >= 0) resolve(JSON.parse(text.slice(at)))
      })
    }).then((endpoint) => observe(t, endpoint))
  })
  t.strictSame(await answered, { id: ['any', { thing: 1 }], result: ['a', [2]], error: null })
})

t.test('a peer that accepts and says nothing is given up', async (t) => {
  const endpoint = await listen(t, () => undefined)
  const observed = observe(t, endpoint, { timing: { probeIntervalMs: 100 } })
  const { reason } = await observed.reaches('backoff')
  t.equal(reason.code, 'peer silent')
})

t.test('a peer that speaks something else is left with its first words in the reason, and tried again', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const endpoint = await listen(t, (socket, number) => {
    if (number === 1) {
      socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')
      return
    }
    const real = net.connect(server.socket)
    real.on('error', () => undefined)
    socket.pipe(real).pipe(socket)
  })
  const observed = observe(t, endpoint)
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'protocol error', message: /does not speak OVSDB.*SSH-2\.0/ })
  await observed.synced()
})

t.test('an update that makes no sense ends the connection and leaves the replica as it was', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  await server.ctl('add-ls', 'blue')
  let sabotage: ((text: string) => void) | undefined
  const endpoint = await listen(t, (socket) => {
    const real = net.connect(server.socket)
    real.on('error', () => undefined)
    socket.pipe(real).pipe(socket)
    socket.on('close', () => real.destroy())
    sabotage = (text) => socket.write(text)
  })
  const observed = observe(t, endpoint)
  await observed.synced()
  const before = observed.client.replica
  const [known] = before.table('Logical_Switch').keys()
  const stranger = '00000000-0000-4000-8000-000000000000'
  const updates = { [known ?? '']: { modify: { name: 'half' } }, [stranger]: { modify: { name: 'nobody' } } }
  sabotage?.(JSON.stringify({ id: null, method: 'update3', params: ['x', stranger, { Logical_Switch: updates }] }))
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'protocol error', table: 'Logical_Switch', row: stranger })
  await observed.synced()
  t.equal(observed.client.replica, before)
})

t.test('a database that the server does not have is reported and waited for', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  await server.control('ovsdb-server/remove-db', 'hardware_vtep')
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'connection lost', message: /canceled the monitor/ })
  await until('the reason to be told', () =>
    Promise.resolve(
      observed.client.state.kind === 'backoff' && observed.client.state.reason.code === 'unknown database',
    ),
  )
  await server.control('ovsdb-server/add-db', `${server.directory}/vtep.db`)
  await observed.synced()
})

t.test('a closed client ends its connection, refuses transactions, and closes again without effect', async (t) => {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const { client, states, synced } = observe(t, `unix:${server.socket}`)
  await synced()
  const pending = client.transact([insert('Logical_Switch', { name: 'blue' })])
  await Promise.all([t.rejects(pending, { code: 'connection lost' }), client.close()])
  await client.close()
  t.equal(client.state.kind, 'stopped')
  t.equal(states.filter((state) => state.kind === 'stopped').length, 1)
  await t.rejects(client.transact([]), { code: 'not connected' })
})
