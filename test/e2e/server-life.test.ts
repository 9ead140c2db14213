import { rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { run } from '../lab/command.js'
import { broadcast, marked } from '../lab/craft.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import type { Lab } from '../lab/lab.js'
import { type OvsdbServer, startOvsdbServer, vtepSchema } from '../lab/ovsdb-server.js'
import { startPings } from '../lab/pings.js'
import { schemaWithout } from '../lab/schema-without.js'
import { exchangeTcp } from '../lab/tcp.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { databaseUuids, repeatedRows } from './database-uuids.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

let database: OvsdbServer

async function serve(lab: Lab): Promise<string> {
  database = await startOvsdbServer()
  lab.own(database.close)
  return `unix:${database.socket}`
}

inEachMode('the life of a database server', { ovsdb: serve, config: 'stats-interval: 0.2' }, async (t, scene) => {
  const { gateway, controller, lab } = scene
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const injector = await openInjector(server.namespace, 'eth0')
  lab.own(injector.close)
  const file = join(database.directory, 'vtep.db')

  const localMacs = () => controller.ctl('list-local-macs', 'blue').catch(() => '')
  const remoteMacs = async () => (await gateway.show()).remoteMacs.map(({ mac }) => mac)
  const learned = async () => (await gateway.show()).localMacs.map(({ mac }) => mac)
  const speak = (mac: string) => injector.send(marked('here I am', { destination: broadcast, source: mac }))
  await until('the server in the database', async () => (await localMacs()).includes(server.mac))

  // A key that is none makes a fault, so that the fault column has something to come back.
  await controller.ctl('add-ls', 'odd', '--', 'set', 'Logical_Switch', 'odd', 'tunnel_key=-1')

  /** What is ephemeral in the database: it is empty when a server starts. */
  const ephemeral = async () => ({
    faults: await controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status'),
    statistics: await statistics(gateway.database),
  })
  const convergedWithin = async (t: Test, act: () => Promise<void>): Promise<void> => {
    const uuids = await databaseUuids(gateway.database)
    const stream = startPings(server, vm.address)
    lab.own(stream.stop)
    await stream.answered(20)
    await act()
    await until('faults and statistics', async () => {
      const { faults, statistics } = await ephemeral().catch(() => ({ faults: '', statistics: [] }))
      return faults === '[unspecified_fault]' && nth(statistics, 0) > 0
    })
    await stream.answered(20)
    t.same(await stream.stop(), [], 'no frame was lost')
    t.same(await databaseUuids(gateway.database), uuids, 'no row was made anew')
    t.same(await repeatedRows(gateway.database), [])
  }
  await until('a fault', async () => (await ephemeral()).faults === '[unspecified_fault]')

  await t.test('a restart after SIGTERM empties the ephemeral columns, and they are written again', async (t) => {
    await convergedWithin(t, async () => {
      const before = nth(await statistics(gateway.database), 0)
      await database.stop()
      await database.start()
      await until('counters that go on', async () => nth([...(await statistics(gateway.database)), 0], 0) >= before)
    })
  })

  await t.test('so does a crash', async (t) => {
    await convergedWithin(t, async () => {
      await database.kill()
      await database.start()
    })
  })

  await t.test('compaction changes nothing', async (t) => {
    await convergedWithin(t, () => database.compact())
    await speak('02:00:00:00:0c:01')
    await until('a MAC learned after it', async () => (await localMacs()).includes('02:00:00:00:0c:01'))
  })

  await t.test('a transaction of the controller that its crash swallows is as if it had not been', async (t) => {
    const mac = '02:00:00:00:0d:01'
    database.signal('SIGSTOP')
    const swallowed = controller.ctl('add-ucast-remote', 'blue', mac, '10.99.0.50').then(
      () => 'done',
      () => 'failed',
    )
    await database.kill()
    await database.start()
    // vtep-ctl tries again by itself when its connection is lost before the reply.
    if ((await swallowed) === 'done') await until('the MAC', async () => (await remoteMacs()).includes(mac))
    await controller.ctl('add-ucast-remote', 'blue', '02:00:00:00:0d:02', '10.99.0.50')
    await until('the MAC', async () => (await remoteMacs()).includes('02:00:00:00:0d:02'))
    t.same(await repeatedRows(gateway.database), [])
  })

  await t.test('one of which half was on the disk is taken back from the kernel, too', async (t) => {
    const mac = '02:00:00:00:0d:03'
    // Behind a VTEP that is in use, so that no transaction of ours follows.
    await controller.ctl('add-ucast-remote', 'blue', mac, nth(scene.hypervisors, 0).address)
    await until('the MAC', async () => (await remoteMacs()).includes(mac))
    await database.kill()
    await truncate(file, (await stat(file)).size - 10)
    await database.start()
    await until('the MAC to be gone', async () => !(await remoteMacs()).includes(mac))
    await reach(server, vm.address)
    t.same(await repeatedRows(gateway.database), [])
  })

  await t.test('one of ours that the crash swallows is made again, once', async (t) => {
    const mac = '02:00:00:00:0e:01'
    database.signal('SIGSTOP')
    await speak(mac)
    await until('the MAC in the kernel', async () => (await learned()).includes(mac))
    await database.kill()
    await database.start()
    await until('the MAC', async () => (await localMacs()).includes(mac))
    t.same(await repeatedRows(gateway.database), [])
  })

  await t.test('one of ours of which half was on the disk, too', async (t) => {
    const mac = '02:00:00:00:0e:02'
    await speak(mac)
    await until('the MAC', async () => (await localMacs()).includes(mac))
    await database.kill()
    await truncate(file, (await stat(file)).size - 10)
    await database.start()
    await until('the MAC', async () => (await localMacs()).includes(mac))
    t.same(await repeatedRows(gateway.database), [])
  })

  await t.test('a conversion to a schema without the optional columns, and back', async (t) => {
    const older = schemaWithout(database.directory, (tables) => {
      for (const name of ['ACL', 'ACL_entry', 'Tunnel', 'Logical_Binding_Stats']) Reflect.deleteProperty(tables, name)
      const columns = {
        Physical_Port: ['acl_bindings', 'port_fault_status', 'vlan_stats'],
        Physical_Switch: ['switch_fault_status', 'tunnels'],
        Logical_Router: ['acl_binding', 'LR_fault_status'],
        Logical_Switch: ['replication_mode'],
      }
      for (const [table, names] of Object.entries(columns))
        for (const name of names) Reflect.deleteProperty(tables[table]?.columns ?? {}, name)
    })
    const kept = (rows: string[]) => rows.filter((row) => !row.startsWith('Tunnel'))
    const uuids = kept(await databaseUuids(gateway.database))
    const tunnels = () => controller.ctl('--bare', '--columns=_uuid', 'list', 'Tunnel')
    const tunnelCount = (await tunnels()).split('\n').length
    const stream = startPings(server, vm.address)
    lab.own(stream.stop)
    await stream.answered(20)
    await run(['ovsdb-client', 'convert', gateway.database, older])
    const mac = '02:00:00:00:0f:01'
    await speak(mac)
    const learnedHere = async () => (await database.transact(macRows)) as { rows: { MAC: string }[] }[]
    await until('a MAC learned meanwhile', async () =>
      (await learnedHere()).some(({ rows }) => rows.some(({ MAC }) => MAC === mac)),
    )
    await run(['ovsdb-client', 'convert', gateway.database, vtepSchema])
    await until('faults and statistics', async () => {
      const { faults, statistics } = await ephemeral()
      return faults === '[unspecified_fault]' && nth([...statistics, 0], 0) > 0
    })
    await until('the Tunnel rows', async () => (await tunnels()).split('\n').length === tunnelCount)
    await stream.answered(20)
    t.same(await stream.stop(), [], 'no frame was lost')
    t.equal(kept(await databaseUuids(gateway.database)).length, uuids.length + 1, 'the MAC is the one new row')
    t.same(await repeatedRows(gateway.database), [])
    await controller.ctl('set-replication-mode', 'blue', 'source_node')
  })

  await t.test('an empty database in its place is the truth: nothing is bound, and it is filled again', async (t) => {
    await database.stop()
    await rm(file)
    await run(['ovsdb-tool', 'create', file, vtepSchema])
    await database.start()
    await until('the rows of switch and port', async () =>
      (await controller.ctl('list-ports', gateway.name).catch(() => '')).includes('port1'),
    )
    await until('the server to be cut off', async () => !(await ping(server, vm.address)))
    t.match(scene.vtepd.output(), /"event":"own_rows_gone"/, 'it is said')
    await until('what is shown', async () => (await gateway.show()).bindings.length === 0)
    const home = nth(scene.hypervisors, 0).address
    await controller.addSwitch('blue', 5001)
    await controller.bind('port1', 0, 'blue')
    await controller.flood('blue', home)
    await controller.remoteMac('blue', vm.mac, home)
    await reach(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    t.same(await repeatedRows(gateway.database), [])
  })
})

const macRows = { op: 'select', table: 'Ucast_Macs_Local', where: [], columns: ['MAC'] }

/** Logical_Binding_Stats.packets_from_local of every row. */
async function statistics(endpoint: string): Promise<number[]> {
  const column = 'packets_from_local'
  const operation = { op: 'select', table: 'Logical_Binding_Stats', where: [], columns: [column] }
  const [result] = (await transact(endpoint, operation)) as { rows: Record<typeof column, number>[] }[]
  return (result?.rows ?? []).map((row) => row[column])
}
