import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { talk } from '../fuzz/stream/peer.js'
import { observe } from './observed-client.js'

const id = (number: number) => `00000000-0000-4000-8000-00000000000${number}`
const named = (name: string) => ({ initial: { name } })
const schema = { version: '1.0.0', tables: { Logical_Switch: { columns: { name: {}, description: {} } } } }
const reply = (number: number, result: unknown) => ({ id: number, result, error: null })
/** The answers to what a client asks first, with this in its first dump. */
const begun = (rows: object) => [
  reply(0, schema),
  reply(1, {}),
  reply(2, { locked: true }),
  reply(3, [false, id(0), { Logical_Switch: rows }]),
]
const update = (rows: object) => ({
  id: null,
  method: 'update3',
  params: [['hardware_vtep', ''], id(0), { Logical_Switch: rows }],
})

async function socketIn(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vtep-bad-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return join(directory, 'peer')
}

/** The names of the logical switches in the end, and how it ended: said at one go, and message by message. */
async function hear(t: Test, messages: readonly object[]) {
  const socket = await socketIn(t)
  const chunks = messages.map((message) => Buffer.from(JSON.stringify(message)))
  const outcomes = [await talk(socket, [[Buffer.concat(chunks)]]), await talk(socket, [chunks])]
  return outcomes.map(({ tables, ends }) => ({
    names: Object.values(tables.Logical_Switch ?? {}).flatMap(({ name }) => name ?? []),
    end: ends[0] ?? '',
  }))
}

t.test(
  'of a message with an update that makes no sense nothing is taken, and what came before it stands',
  async (t) => {
    const outcomes = await hear(t, [
      ...begun({ [id(1)]: named('dumped') }),
      update({ [id(2)]: { insert: { name: 'before' } } }),
      update({ [id(3)]: { insert: { name: 'beside' } }, [id(4)]: { modify: { name: 'not there' } } }),
    ])
    for (const { names, end } of outcomes) {
      t.strictSame(names, ['"dumped"', '"before"'])
      t.match(end, /^protocol error .*a modification of a row that is not there/)
    }
  },
)

t.test('a dump stands, whatever updates came in the same moment before it', async (t) => {
  const [first, ...rest] = begun({ [id(1)]: named('dumped') }).reverse()
  const early = update({ [id(2)]: { insert: { name: 'early' } } })
  for (const { names } of await hear(t, [...rest.reverse(), early, first!])) t.strictSame(names, ['"dumped"'])
})

t.test('a row that is called __proto__ is refused as any that has no UUID', async (t) => {
  const rows = JSON.parse('{"__proto__":{"insert":{"name":"x"}}}') as object
  for (const { names, end } of await hear(t, [...begun({}), update(rows)])) {
    t.strictSame(names, [])
    t.match(end, /^protocol error .*__proto__.* is not a UUID/)
  }
})

t.test('a column that nobody asked for is passed over, whatever its name', async (t) => {
  const rows = JSON.parse(
    `{"${id(1)}":{"modify":{"name":"after","odd":[],"constructor":[],"toString":[],"__proto__":[]}}}`,
  ) as object
  for (const { names, end } of await hear(t, [...begun({ [id(1)]: named('before') }), update(rows)])) {
    t.strictSame(names, ['"after"'])
    t.match(end, /^connection lost/)
  }
})

t.test('an error quotes a peer shortly', async (t) => {
  const long = 'x'.repeat(100_000)
  const messages = [{ id: 0, error: { [long]: long } }, { id: 0, error: long }, reply(0, [long])]
  const updates = [update({ [long]: {} }), { method: 'update', params: [null, { [long]: { [id(1)]: { old: {} } } }] }]
  for (const message of messages)
    for (const { end } of await hear(t, [message])) t.ok(end.length < 3000, `${end.length}`)
  for (const one of updates)
    for (const { end } of await hear(t, [...begun({}), one])) t.ok(end.length < 3000, `${end.length}`)
})

t.test('a peer that asks for echoes and does not read them is left', async (t) => {
  const path = await socketIn(t)
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => {
    sockets.push(socket.on('error', () => undefined).pause())
    const ask = () => {
      if (socket.writable) socket.write(echo, ask)
    }
    ask()
  })
  const echo = JSON.stringify({ id: 'echo', method: 'echo', params: ['x'.repeat(1024 * 1024)] })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const observed = observe(t, `unix:${path}`, { timing: { minBackoffMs: 60_000 } })
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'protocol error', details: /bytes unread/ })
})
