import { attempt } from '../lab/command.js'
import { type Host, reach } from '../lab/host.js'
import { type OvsdbServer, startOvsdbServer } from '../lab/ovsdb-server.js'
import { startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { databaseUuids } from './database-uuids.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode("vtepd's own ovsdb-server", {}, async (t, scene) => {
  const { gateway, controller } = scene
  const server = nth(scene.servers, 0)
  const { blue, vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  await until('the server in the database', async () =>
    (await controller.ctl('list-local-macs', 'blue')).includes(server.mac),
  )
  await until('statistics', async () => (await controller.ctl('list', 'Logical_Binding_Stats')) !== '')

  await t.test('is started again when it dies; nothing is lost, no row is recreated, statistics return', async (t) => {
    const uuids = await databaseUuids(gateway.database)
    const stream = startPings(server, vm.address)
    scene.lab.own(stream.stop)
    await stream.answered(20)
    process.kill(await pidInside('ovsdb-server'), 'SIGKILL')
    await until('the database to answer again', async () =>
      (await controller.ctl('list-ls').catch(() => '')).includes('blue'),
    )
    await until('statistics', async () => (await controller.ctl('list', 'Logical_Binding_Stats')) !== '')
    await stream.answered(20)
    t.same(await stream.stop(), [])
    t.same(await databaseUuids(gateway.database), uuids)
  })

  await t.test('listens where a Manager row says so', async (t) => {
    await controller.ctl('set-manager', 'ptcp:6640')
    await until('a controller to get in by TCP', async () => {
      const outcome = await gateway.namespace.attempt(['vtep-ctl', '--timeout=2', '--db=tcp:127.0.0.1:6640', 'list-ps'])
      return outcome.stdout.includes(gateway.name)
    })
    await gateway.namespace.run([
      'vtep-ctl',
      '--timeout=5',
      '--db=tcp:127.0.0.1:6640',
      'unbind-ls',
      gateway.name,
      'port1',
      '0',
    ])
    await until('the server to be cut off', async () => (await ping()) !== 0)
    await blue.bind('port1')
    await reach(server, vm.address)
    t.match(await controller.ctl('get-manager'), 'ptcp:6640')
  })

  async function ping(): Promise<number> {
    return (await server.namespace.attempt(['ping', '-n', '-c', '1', '-W', '1', vm.address])).status
  }

  async function pidInside(program: string): Promise<number> {
    const pids = (await attempt(['ip', 'netns', 'pids', gateway.namespace.name])).stdout.split('\n').filter(Boolean)
    for (const pid of pids) {
      const name = (await attempt(['cat', `/proc/${pid}/comm`])).stdout.trim()
      if (name === program) return Number(pid)
    }
    throw new Error(`no ${program} in ${gateway.namespace.name}`)
  }
})

let external: OvsdbServer | undefined

inEachMode('an existing database', { ovsdb: prepareDatabase }, async (t, scene) => {
  const { controller, gateway } = scene
  const server = nth(scene.servers, 0)
  const vms: Host[] = []
  const before = await external?.ctl('get', 'Global', '.', 'managers')

  await t.test('is adopted: rows that were there keep their UUIDs, what the operator put there stays', async (t) => {
    const uuids = await databaseUuids(gateway.database)
    for (const uuid of preparedUuids) t.ok(uuids.includes(uuid), `${uuid} is still there`)
    t.equal(
      uuids.filter((row) => row.startsWith('Physical_Port ')).length,
      2,
      'port1 and the port that is not ours to remove',
    )
    t.equal(await external?.ctl('get', 'Global', '.', 'managers'), before)
    t.match(await controller.ctl('get', 'Physical_Switch', gateway.name, 'tunnel_ips'), gateway.tunnelIp)
  })

  await t.test('and forwarding follows it', async () => {
    const blue = await scene.network('blue', 5001)
    await blue.bind('port1')
    const vm = await blue.vm()
    vms.push(vm)
    await reach(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
  })

  await t.test('what changes there while vtepd is away is made up for', async (t) => {
    await scene.vtepd.stop('SIGKILL')
    await controller.unbind('port1', 0)
    await exchangeTcp(server.namespace, nth(vms, 0).namespace, '10.0.0.101')
    await gateway.start()
    const before = await gateway.dropped('unbound_vlan')
    t.not((await server.namespace.attempt(['ping', '-n', '-c', '1', '-W', '1', '10.0.0.101'])).status, 0)
    t.ok((await gateway.dropped('unbound_vlan')) > before)
    await controller.bind('port1', 0, 'blue')
    await reach(server, '10.0.0.101')
  })

  await t.test('over a restart of its server nothing is lost and no row is recreated', async (t) => {
    const uuids = await databaseUuids(gateway.database)
    const stream = startPings(server, '10.0.0.101')
    scene.lab.own(stream.stop)
    await stream.answered(20)
    await external?.kill()
    await stream.answered(100)
    await external?.start()
    await until('statistics', async () => (await controller.ctl('list', 'Logical_Binding_Stats')) !== '')
    t.same(await stream.stop(), [])
    t.same(await databaseUuids(gateway.database), uuids)
  })
})

let preparedUuids: string[] = []

/** A database in which an operator has already described the switch, and one port that vtepd is not told of. */
async function prepareDatabase(lab: { own: (close: () => Promise<unknown>) => void }): Promise<string> {
  const server = await startOvsdbServer({ remotes: ['db:hardware_vtep,Global,managers'] })
  lab.own(server.close)
  external = server
  await server.ctl('add-ps', 'gateway', '--', 'add-port', 'gateway', 'port1', '--', 'add-port', 'gateway', 'port9')
  await server.ctl('set-manager', 'ptcp:0:127.0.0.1')
  preparedUuids = await databaseUuids(`unix:${server.socket}`)
  return `unix:${server.socket}`
}
