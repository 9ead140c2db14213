import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBackground } from '../lab/background.js'
import { openCapture } from '../lab/capture.js'
import { carries, marked } from '../lab/craft.js'
import type { Host } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import type { Scene } from '../lab/scene.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode('Logical_Binding_Stats of a binding', { config: 'stats-interval: 0.5' }, async (t, scene) => {
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)

  await t.test('count exactly the frames and bytes of both directions', async (t) => {
    for (const host of [server, vm]) await silence(host)
    const fromServer = await openInjector(server.namespace, 'eth0')
    const fromVm = await openInjector(vm.namespace, 'eth0')
    const atServer = await openCapture(server.namespace, 'eth0')
    const atVm = await openCapture(vm.namespace, 'eth0')
    for (const tool of [fromServer, fromVm, atServer, atVm]) scene.lab.own(tool.close)
    const before = await atRest(scene)
    const send = async (count: number, length: number, name: string, from: Host, to: Host) => {
      const injector = from === server ? fromServer : fromVm
      for (let copy = 1; copy <= count; copy++)
        await injector.send(marked(`${name} ${copy}`, { destination: to.mac, source: from.mac, length }))
      await (to === vm ? atVm : atServer).until('the last frame', (frame) => carries(frame.bytes, `${name} ${count}`))
    }
    await send(10, 100, 'short up', server, vm)
    await send(7, 1464, 'long up', server, vm)
    await send(13, 200, 'short down', vm, server)
    await send(5, 1464, 'long down', vm, server)
    const expected = {
      packets_from_local: before.packets_from_local + 17,
      bytes_from_local: before.bytes_from_local + 10 * 100 + 7 * 1464,
      packets_to_local: before.packets_to_local + 18,
      bytes_to_local: before.bytes_to_local + 13 * 200 + 5 * 1464,
    }
    await until(
      'the statistics to be published',
      async () => (await statistics(scene)).packets_to_local >= expected.packets_to_local,
    )
    t.same(await statistics(scene), expected)
  })

  await t.test('go on exactly over the end of the daemon and of the database server', async (t) => {
    const fromServer = await openInjector(server.namespace, 'eth0')
    const atVm = await openCapture(vm.namespace, 'eth0')
    for (const tool of [fromServer, atVm]) scene.lab.own(tool.close)
    const before = await atRest(scene)
    const send = async (name: string) => {
      await fromServer.send(marked(name, { destination: vm.mac, source: server.mac, length: 100 }))
      await atVm.until('the frame', (frame) => carries(frame.bytes, name))
    }
    await send('with the daemon')
    await scene.vtepd.stop('SIGKILL')
    await send('without a daemon')
    await scene.gateway.start()
    await send('with the next daemon')
    const expected = {
      ...before,
      packets_from_local: before.packets_from_local + 3,
      bytes_from_local: before.bytes_from_local + 300,
    }
    const arePublished = async () => (await statistics(scene)).packets_from_local >= expected.packets_from_local
    await until('the statistics to be published', arePublished)
    t.same(await statistics(scene), expected)
    const pid = Number(await readFile(join(scene.gateway.runDir, 'ovsdb-server.pid'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    await until('another server', async () => (await scene.controller.ctl('list-ps').catch(() => '')) !== '')
    await until('the statistics to be published', arePublished)
    t.same(await statistics(scene), expected, 'the columns were empty when the server came back')
  })

  await t.test('go on exactly while the binding stays, whatever takes it out of the kernel', async (t) => {
    const { controller, gateway } = scene
    const fromServer = await openInjector(server.namespace, 'eth0')
    const atVm = await openCapture(vm.namespace, 'eth0')
    for (const tool of [fromServer, atVm]) scene.lab.own(tool.close)
    const frame = (name: string) => marked(name, { destination: vm.mac, source: server.mac, length: 100 })
    const sendAgain = async (name: string) => {
      await until('a frame to pass', async () => {
        await fromServer.send(frame(name))
        return atVm.matching((seen) => carries(seen.bytes, name)).length > 0
      })
    }
    const setKey = (key: number) => controller.ctl('set', 'Logical_Switch', 'blue', `tunnel_key=${key}`)
    const portState = async () => nth((await gateway.show()).ports, 0).state
    const interruptions = [
      { name: 'a key of 0', begin: () => setKey(0), end: () => setKey(5001) },
      {
        name: 'a device that is gone',
        begin: async () => {
          await gateway.namespace.ip(`link set port1 netns ${server.namespace.name}`)
          await until('the port to be absent', async () => (await portState()) === 'absent')
        },
        end: async () => {
          await server.namespace.ip(`link set port1 netns ${gateway.namespace.name}`)
          await gateway.namespace.ip('link set port1 up')
        },
      },
    ]
    for (const { name, begin, end } of interruptions) {
      await sendAgain(`before ${name}`)
      const before = await atRest(scene)
      await begin()
      await until('the binding to wait', async () => nth((await gateway.show()).bindings, 0).state !== 'forwarding')
      await end()
      await until('the binding', async () => nth((await gateway.show()).bindings, 0).state === 'forwarding')
      await sendAgain(`after ${name}`)
      const passed = atVm.matching((seen) => carries(seen.bytes, `after ${name}`)).length
      const after = await atRest(scene)
      t.ok(after.packets_from_local >= before.packets_from_local + passed, `${name}: not from zero`)
      t.equal(
        after.bytes_from_local - before.bytes_from_local,
        100 * (after.packets_from_local - before.packets_from_local),
        `${name}: nothing is lost of what was counted`,
      )
    }

    const before = await atRest(scene)
    await controller.unbind('port1', 0)
    await until('the row to go', async () => (await controller.ctl('list', 'Logical_Binding_Stats')) === '')
    await controller.bind('port1', 0, 'blue')
    await sendAgain('bound anew')
    const anew = await atRest(scene)
    t.ok(anew.packets_from_local < before.packets_from_local, 'a binding that was taken away begins at zero')
  })

  await t.test('and while nobody speaks, nothing at all is written', async (t) => {
    await atRest(scene)
    const monitor = startBackground(['ovsdb-client', 'monitor', scene.gateway.database, 'hardware_vtep', 'ALL'])
    scene.lab.own(() => monitor.stop())
    const uptimeS = async () => (await scene.gateway.show()).status.uptimeS
    await until('the first contents', () => Promise.resolve(monitor.output().includes('Logical_Binding_Stats')))
    const [contents, begin] = [monitor.output(), await uptimeS()]
    await until('ten intervals', async () => (await uptimeS()) >= begin + 5)
    // What the monitor tells of this comes after all that it could have told of before.
    await scene.controller.ctl('set', 'Physical_Port', 'port1', 'other_config:fence=yes')
    await until('the fence', () => Promise.resolve(monitor.output().includes('fence')))
    const news = monitor.output().slice(contents.length)
    t.equal(news.split('\n').filter((line) => /^[0-9a-f-]{36}/.test(line)).length, 2)
  })

  await t.test('count every segment of a TCP transfer, not the super-frames that carry them', async (t) => {
    for (const host of [server, vm]) await host.namespace.ip('link set eth0 arp on')
    const before = await statistics(scene)
    await exchangeTcp(server.namespace, vm.namespace, vm.address, { amount: 4 * 1024 * 1024 })
    const least = Math.ceil((4 * 1024 * 1024) / 1410)
    await until('the statistics to be published', async () => {
      const now = await statistics(scene)
      return (['packets_from_local', 'packets_to_local'] as const).every(
        (column) => now[column] - before[column] >= least,
      )
    })
    t.pass(`at least ${least} packets each way`)
  })
})

type Statistics = Record<'packets_from_local' | 'bytes_from_local' | 'packets_to_local' | 'bytes_to_local', number>

async function statistics(scene: Scene): Promise<Statistics> {
  const columns = ['packets_from_local', 'bytes_from_local', 'packets_to_local', 'bytes_to_local'] as const
  const row = await until('a Logical_Binding_Stats row', async () => {
    const table = JSON.parse(
      await scene.controller.ctl('--format=json', `--columns=${columns.join(',')}`, 'list', 'Logical_Binding_Stats'),
    ) as {
      headings: string[]
      data: number[][]
    }
    return table.data[0] && { headings: table.headings, values: table.data[0] }
  })
  return Object.fromEntries(row.headings.map((heading, index) => [heading, row.values[index]])) as Statistics
}

/** The statistics once the database has caught up with the counters in the kernel. */
function atRest(scene: Scene): Promise<Statistics> {
  return until('the database to say what the kernel counted', async () => {
    const [counter] = (await scene.gateway.show()).counters
    const now = await statistics(scene)
    return (
      now.packets_from_local === counter?.packetsFromLocal && now.packets_to_local === counter.packetsToLocal && now
    )
  })
}

/** Keeps the host's own chatter (neighbour and multicast reports) out of the count. */
async function silence(host: Host): Promise<void> {
  await host.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'])
  await host.namespace.ip('link set eth0 arp off')
}
