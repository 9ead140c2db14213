import t, { type Test } from 'tap'
import { namedUuid, type Uuid } from '../../src/ovsdb/notation.js'
import { comment, operationsOn } from '../../src/ovsdb/operation.js'
import { insert, mutate, remove, update, wait } from '../../src/schema/operations.js'
import { hardwareVtep } from '../../src/schema/rows.generated.js'
import { startOvsdbServer, type OvsdbServer } from '../lab/ovsdb-server.js'
import { observe, type ObservedClient } from './observed-client.js'

async function open(t: Test): Promise<{ server: OvsdbServer } & ObservedClient> {
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  const observed = observe(t, `unix:${server.socket}`)
  await observed.synced()
  return { server, ...observed }
}

const locator = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: '192.0.2.1' } as const

t.test(
  'rows that refer to each other are made in one transaction and are in the replica when it returns',
  async (t) => {
    const { client } = await open(t)
    const results = await client.transact([
      comment('a switch with a port'),
      insert('Physical_Switch', { name: 'box', ports: [namedUuid('port')], tunnel_ips: ['192.0.2.1'] }, 'box'),
      insert('Logical_Switch', { name: 'blue "quoted" {braces}', tunnel_key: 5001 }, 'blue'),
      insert('Physical_Port', { name: 'eth1', vlan_bindings: new Map([[7, namedUuid('blue')]]) }, 'port'),
      insert('Global', { switches: [namedUuid('box')] }),
    ])
    t.match(results, [
      { kind: 'done' },
      { kind: 'inserted' },
      { kind: 'inserted' },
      { kind: 'inserted' },
      { kind: 'inserted' },
    ])
    const [, box, blue, port] = results.map((result) =>
      result.kind === 'inserted' ? result.uuid : undefined,
    ) as Uuid[]
    const { replica } = client
    t.match(replica.table('Physical_Switch').get(box!), { name: 'box', ports: [port], tunnel_ips: ['192.0.2.1'] })
    t.strictSame([...replica.table('Physical_Port').get(port!)!.vlan_bindings], [[7, blue]])
    t.equal(replica.table('Logical_Switch').get(blue!)?.name, 'blue "quoted" {braces}')
  },
)

t.test('update, mutate and remove tell how many rows matched', async (t) => {
  const { client } = await open(t)
  await client.transact([
    insert('Logical_Switch', {
      name: 'red',
      other_config: new Map([
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ]),
    }),
    insert('Logical_Switch', { name: 'blue', tunnel_key: 5 }),
  ])
  const results = await client.transact([
    update('Logical_Switch', [['name', '==', 'blue']], { tunnel_key: undefined, replication_mode: 'source_node' }),
    mutate(
      'Logical_Switch',
      [['other_config', 'includes', new Map([['a', '1']])]],
      [
        ['other_config', 'delete', ['a']],
        ['other_config', 'delete', new Map([['b', 'another value']])],
        ['other_config', 'insert', new Map([['d', '4']])],
      ],
    ),
    remove('Logical_Switch', [['name', '==', 'nobody']]),
  ])
  t.strictSame(
    results,
    [1, 1, 0].map((count) => ({ kind: 'matched', count })),
  )
  const byName = new Map([...client.replica.table('Logical_Switch').values()].map((row) => [row.name, row]))
  t.match(byName.get('blue'), { tunnel_key: undefined, replication_mode: 'source_node' })
  t.strictSame(
    byName.get('red')?.other_config,
    new Map([
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
    ]),
  )
})

t.test('counters are added to', async (t) => {
  const { client } = await open(t)
  await client.transact([
    insert('Global', { switches: [namedUuid('box')] }),
    insert('Physical_Switch', { name: 'box', ports: [namedUuid('port')] }, 'box'),
    insert('Physical_Port', { name: 'eth1', vlan_stats: new Map([[0, namedUuid('stats')]]) }, 'port'),
    insert('Logical_Binding_Stats', { bytes_to_local: 2n ** 40n }, 'stats'),
  ])
  await client.transact([mutate('Logical_Binding_Stats', [], [['bytes_to_local', '+=', 2]])])
  t.match([...client.replica.table('Logical_Binding_Stats').values()], [{ bytes_to_local: 2 ** 40 + 2 }])
})

t.test('a failure in the middle names the operation and its place, and nothing happened', async (t) => {
  const { client } = await open(t)
  await client.transact([insert('Logical_Switch', { name: 'blue' })])
  const [uuid] = client.replica.table('Logical_Switch').keys()
  const operations = [
    insert('Logical_Switch', { name: 'red' }),
    update('Logical_Switch', [['_uuid', '==', uuid!]], { replication_mode: 'broadcast' as 'source_node' }),
    insert('Logical_Switch', { name: 'green' }),
  ]
  await t.rejects(client.transact(operations), {
    name: 'OvsdbError',
    code: 'constraint violation',
    operation: 1,
    table: 'Logical_Switch',
    row: uuid,
    message: /broadcast/,
  })
  t.equal(client.replica.table('Logical_Switch').size, 1)
})

t.test('a value outside the range of its column is a constraint violation of that insert', async (t) => {
  const { client } = await open(t)
  const operations = [
    insert('Logical_Switch', { name: 'blue' }, 'blue'),
    insert('Physical_Port', { name: 'eth1', vlan_bindings: new Map([[4096, namedUuid('blue')]]) }, 'eth1'),
  ]
  await t.rejects(client.transact(operations), {
    code: 'constraint violation',
    operation: 1,
    table: 'Physical_Port',
    row: 'eth1',
  })
})

t.test('a row that others refer to cannot go: the commit fails after every operation succeeded', async (t) => {
  const { client, server } = await open(t)
  await server.ctl('add-ls', 'blue', '--', 'add-ucast-local', 'blue', '02:00:00:00:00:01', '192.0.2.1')
  await t.rejects(client.transact([remove('Logical_Switch', [['name', '==', 'blue']])]), {
    code: 'referential integrity violation',
    operation: undefined,
    message: /Logical_Switch/,
  })
  t.equal(client.replica.table('Logical_Switch').size, 1)
})

t.test('a second row with the same index fails at commit', async (t) => {
  const { client, server } = await open(t)
  await server.ctl('add-ls', 'blue', '--', 'add-ucast-local', 'blue', '02:00:00:00:00:01', '192.0.2.1')
  const [blue] = client.replica.table('Logical_Switch').keys()
  const operations = [
    insert('Physical_Locator', locator, 'again'),
    insert('Ucast_Macs_Local', { MAC: '02:00:00:00:00:02', logical_switch: blue!, locator: namedUuid('again') }),
  ]
  await t.rejects(client.transact(operations), {
    code: 'constraint violation',
    operation: undefined,
    message: /identical values/,
  })
})

t.test('a guard that does not hold times out, and the rest is not run', async (t) => {
  const { client, server } = await open(t)
  await server.ctl('add-ls', 'blue')
  const [row] = client.replica.table('Logical_Switch').values()
  const guarded = (until: '==' | '!=', tunnel_key: number | undefined) =>
    client.transact([
      wait('Logical_Switch', {
        where: [['_uuid', '==', row!._uuid]],
        until,
        columns: ['tunnel_key'],
        rows: [{ tunnel_key }],
      }),
      update('Logical_Switch', [['_uuid', '==', row!._uuid]], { description: `guarded by ${until} ${tunnel_key}` }),
    ])
  await server.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5')
  await t.rejects(guarded('==', undefined), {
    code: 'timed out',
    operation: 0,
    table: 'Logical_Switch',
    row: row!._uuid,
  })
  await t.rejects(guarded('!=', 5), { code: 'timed out', operation: 0 })
  t.equal(client.replica.table('Logical_Switch').get(row!._uuid)?.description, '')
  await guarded('==', 5)
  t.equal(client.replica.table('Logical_Switch').get(row!._uuid)?.description, 'guarded by == 5')
})

t.test('a guard may wait for somebody else', async (t) => {
  const { client, server } = await open(t)
  const waiting = client.transact([
    wait('Logical_Switch', {
      where: [['name', '==', 'blue']],
      until: '==',
      columns: ['name'],
      rows: [{ name: 'blue' }],
      timeoutMs: 10_000,
    }),
    update('Logical_Switch', [['name', '==', 'blue']], { description: 'seen' }),
  ])
  await server.ctl('add-ls', 'blue')
  t.match(await waiting, [{ kind: 'done' }, { kind: 'matched', count: 1 }])
})

t.test('a transaction whose connection is lost has an unknown outcome, and the next is refused', async (t) => {
  const { client, server, reaches } = await open(t)
  server.signal('SIGSTOP')
  const pending = client.transact([insert('Logical_Switch', { name: 'blue' })])
  await Promise.all([t.rejects(pending, { code: 'connection lost' }), server.kill()])
  await reaches('backoff')
  await t.rejects(client.transact([]), { code: 'not connected' })
})

t.test('an error reply without a result is an error', async (t) => {
  const { client } = await open(t)
  await t.rejects(client.transact([{ op: 'comment' }]), { code: 'syntax error', operation: 0 })
  const notAnOperation = 'nonsense' as unknown as ReturnType<typeof comment>
  await t.rejects(client.transact([notAnOperation]), { name: 'OvsdbError' })
})

t.test('a value that does not fit its column is refused before anything is sent', (t) => {
  const bad = { code: 'bad value', table: 'Logical_Switch', column: 'tunnel_key' }
  t.throws(() => insert('Logical_Switch', { tunnel_key: 1.5 }), bad)
  // @ts-expect-error -- a text where a number belongs
  t.throws(() => update('Logical_Switch', [['tunnel_key', '==', 'x']], {}), bad)
  t.throws(() => operationsOn(hardwareVtep).insert('Logical_Switch', { nonsense: 1 } as object), {
    code: 'bad value',
    message: 'bad value (table Logical_Switch, column nonsense): no such column',
  })
  t.end()
})
