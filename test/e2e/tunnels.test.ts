import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked, vxlanFrame } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { deviceMac } from '../lab/wire.js'
import { databaseUuids } from './database-uuids.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode('two hypervisors and a server', { hypervisors: 2 }, async (t, scene) => {
  const server = nth(scene.servers, 0)
  const [near, far] = [nth(scene.hypervisors, 0), nth(scene.hypervisors, 1)]
  const { vms } = await joinBlue(scene)
  const [vm1, vm2] = [nth(vms, 0), nth(vms, 1)]

  const fromServer = await openInjector(server.namespace, 'eth0')
  const fromVm1 = await openInjector(vm1.namespace, 'eth0')
  const fromUnderlay = await openInjector(near.namespace, 'under')
  const atServer = await openCapture(server.namespace, 'eth0')
  const atNear = await openCapture(near.namespace, 'under', { filter: 'udp port 4789' })
  const atFar = await openCapture(far.namespace, 'under', { filter: 'udp port 4789' })
  for (const tool of [fromServer, fromVm1, fromUnderlay, atServer, atNear, atFar]) scene.lab.own(tool.close)
  const has = (name: string) => (frame: Frame) => carries(frame.bytes, name)
  const byGateway = (name: string) => (frame: Frame) =>
    frame.ipv4?.src === scene.gateway.tunnelIp && carries(frame.bytes, name)

  /** A VXLAN packet to the gateway, with whatever outer source and VNI. */
  const outer = async (parts: { source?: string; vni?: number; destination?: string; text: string }) =>
    fromUnderlay.send(
      vxlanFrame({
        destinationMac: await deviceMac(scene.gateway.namespace, 'under'),
        sourceMac: await deviceMac(near.namespace, 'under'),
        source: parts.source ?? near.address,
        destination: scene.gateway.tunnelIp,
        vni: parts.vni ?? 5001,
        inner: marked(parts.text, { destination: parts.destination ?? broadcast, source: vm1.mac }),
      }),
    )
  const fence = async (text: string) => {
    await outer({ text })
    await atServer.until('the fence', has(text))
  }

  await t.test('exchange TCP, all with all', async () => {
    for (const vm of [vm1, vm2]) {
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
      await exchangeTcp(vm.namespace, server.namespace, server.address)
    }
    await exchangeTcp(vm1.namespace, vm2.namespace, vm2.address)
  })

  await t.test(
    'a unicast to a MAC that the controller places behind the other is not relayed, and counted',
    async (t) => {
      const before = await scene.gateway.dropped('split_horizon')
      await outer({ text: 'relay', destination: vm2.mac })
      await fence('relay fence')
      t.equal(await scene.gateway.dropped('split_horizon'), before + 1)
      await fromServer.send(marked('relay fence 2', { destination: broadcast, source: server.mac }))
      await atFar.until('the fence', byGateway('relay fence 2'))
      t.same(atFar.matching(byGateway('relay')), [])
    },
  )

  await t.test('a VTEP that the database does not know is refused and counted', async (t) => {
    const before = await scene.gateway.dropped('unknown_vtep')
    await outer({ text: 'unknown vtep', source: '10.99.0.77' })
    await fence('unknown vtep fence')
    t.equal(await scene.gateway.dropped('unknown_vtep'), before + 1)
    t.same(atServer.matching(has('unknown vtep')), [])
  })

  await t.test('a VNI of no logical switch is refused and counted', async (t) => {
    const before = await scene.gateway.dropped('unknown_vni')
    await outer({ text: 'unknown vni', vni: 7777 })
    await fence('unknown vni fence')
    t.equal(await scene.gateway.dropped('unknown_vni'), before + 1)
    t.same(atServer.matching(has('unknown vni')), [])
  })

  await t.test('a pulled underlay cable stops it, and plugged in again it works; no row is recreated', async (t) => {
    const uuids = await databaseUuids(scene.gateway.database)
    await scene.gateway.attachment.pull()
    t.notOk(await ping(server, vm1.address))
    await scene.gateway.attachment.replug()
    await reach(server, vm1.address)
    await exchangeTcp(vm2.namespace, server.namespace, server.address)
    t.same(await databaseUuids(scene.gateway.database), uuids)
  })
})
