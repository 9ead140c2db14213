import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { inEachMode, nth } from './stage.js'

inEachMode(
  'a logical switch without unknown-dst, as networking-l2gw leaves it',
  { hypervisors: 2 },
  async (t, scene) => {
    const { controller, gateway, lab } = scene
    const server = nth(scene.servers, 0)
    const [near, far] = [nth(scene.hypervisors, 0), nth(scene.hypervisors, 1)]
    const blue = await scene.network('blue', 5001)
    for (const { address } of [near, far]) await controller.ctl('del-mcast-remote', 'blue', 'unknown-dst', address)
    await controller.ctl('clear', 'Logical_Switch', 'blue', 'replication_mode')
    await blue.bind('port1')
    const [vm1, vm2] = [await blue.vm(0), await blue.vm(1)]

    const fromServer = await openInjector(server.namespace, 'eth0')
    const atNear = await openCapture(near.namespace, 'under', { filter: 'udp port 4789' })
    const atFar = await openCapture(far.namespace, 'under', { filter: 'udp port 4789' })
    for (const tool of [fromServer, atNear, atFar]) lab.own(tool.close)
    const has = (name: string) => (frame: Frame) => frame.ipv4?.src === gateway.tunnelIp && carries(frame.bytes, name)
    const floodList = async () => (await gateway.show()).logicalSwitches.map(({ floodList }) => floodList.join())[0]
    const note = 'flooded_to_remote_macs'
    const say = (name: string, destination = broadcast) =>
      fromServer.send(marked(name, { destination, source: server.mac }))

    await t.test('resolves addresses and exchanges TCP with VMs behind every VTEP that a MAC names', async () => {
      for (const vm of [vm1, vm2]) {
        await reach(server, vm.address)
        await exchangeTcp(server.namespace, vm.namespace, vm.address, { amount: 1024 * 1024 })
      }
    })

    await t.test('gives each of them one copy of a broadcast and of an unknown unicast, and says so', async (t) => {
      for (const [name, destination] of [
        ['all', broadcast],
        ['unknown', '02:00:00:00:77:77'],
      ] as const) {
        await say(name, destination)
        await say(`${name} fence`)
        for (const capture of [atNear, atFar]) {
          await capture.until('the fence', has(`${name} fence`))
          t.equal(capture.matching(has(name)).length, 1)
        }
      }
      t.match((await gateway.show()).logicalSwitches[0], {
        floodList: [near.address, far.address],
        isFloodedToMacs: true,
      })
      t.match(await gateway.vtep('show'), /from remote MACs/)
    })

    await t.test('counts at the port what goes there, and nothing else', async (t) => {
      const frames = 50
      const countedOf = async (name: string, destination?: string) => {
        const before = await gateway.counted(note)
        for (let index = 0; index < frames; index += 1) await say(`${name} ${index}`, destination)
        await say(`${name} fence`, vm1.mac)
        await atNear.until('the fence', has(`${name} fence`))
        return (await gateway.counted(note)) - before
      }
      // The server says a thing or two by itself.
      t.ok((await countedOf('broadcast')) >= frames)
      t.ok((await countedOf('unknown unicast', '02:00:00:00:77:77')) >= frames)
      t.ok((await countedOf('known unicast', vm1.mac)) < frames)
      const drops = (await gateway.show()).drops.filter(({ reason }) => reason === note)
      t.match(drops, [{ port: 'port1', isNote: true }])
    })

    await t.test('counts without a daemon, and the next one finds all as it should be', async (t) => {
      const before = await gateway.counted(note)
      await scene.vtepd.stop('SIGKILL')
      await say('alone')
      await atFar.until('the copy', has('alone'))
      const vtepd = await gateway.start()
      t.ok((await gateway.counted(note)) > before)
      t.match((await gateway.show()).logicalSwitches[0], { isFloodedToMacs: true })
      t.notMatch(vtepd.output(), /putFloods/, 'nothing to put')
    })

    await t.test('leaves out a VTEP whose last MAC went', async (t) => {
      await controller.ctl('del-ucast-remote', 'blue', vm2.mac)
      await until('the list', async () => (await floodList()) === near.address)
      await say('less')
      await say('less fence')
      await atNear.until('the fence', has('less fence'))
      t.equal(atNear.matching(has('less')).length, 1)
      t.same(atFar.matching(has('less')), [])
    })

    await t.test('does as a row says as soon as there is one', async (t) => {
      await controller.flood('blue', far.address)
      await until('the list', async () => (await floodList()) === far.address)
      await say('said')
      await atFar.until('the copy', has('said'))
      t.match((await gateway.show()).logicalSwitches[0], { isFloodedToMacs: false })
      const before = await gateway.counted(note)
      await say('uncounted')
      await atFar.until('the copy', has('uncounted'))
      t.equal(await gateway.counted(note), before)
      await controller.ctl('del-mcast-remote', 'blue', 'unknown-dst', far.address)
      await until('the list', async () => (await floodList()) === near.address)
    })

    await t.test('keeps BUM to itself where that is switched off', async (t) => {
      await controller.ctl('set', 'Logical_Switch', 'blue', 'other_config:flood-to-remote-macs=false')
      await until('the list', async () => (await floodList()) === '')
      const before = await gateway.dropped('no_destination')
      await say('off')
      await until('the drop', async () => (await gateway.dropped('no_destination')) > before)
      await say('off fence', vm1.mac)
      await atNear.until('the fence', has('off fence'))
      t.same(atNear.matching(has('off')), [])
    })
  },
)
