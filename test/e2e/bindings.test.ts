import { openCapture } from '../lab/capture.js'
import { awaitMode } from '../lab/carriers.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { assertPrompt, inEachMode, nth } from './stage.js'

inEachMode('a binding that the controller changes', {}, async (t, scene) => {
  const { controller } = scene
  const server = nth(scene.servers, 0)
  const blue = await scene.network('blue', 5001)
  const red = await scene.network('red', 5002)
  await blue.bind('port1')
  const blueVm = await blue.vm()
  const redVm = await red.vm()
  await reach(server, blueVm.address)
  await awaitMode(scene.gateway, scene.mode)
  const injector = await openInjector(server.namespace, 'eth0')
  const atRed = await openCapture(redVm.namespace, 'eth0')
  const atBlue = await openCapture(blueVm.namespace, 'eth0')
  scene.lab.own(injector.close)
  scene.lab.own(atBlue.close)
  scene.lab.own(atRed.close)

  await t.test('forwards within 100 ms', async (t) => {
    const delays: number[] = []
    for (const [flip, name] of ['red', 'blue', 'red', 'blue', 'red', 'blue', 'red', 'blue', 'red'].entries()) {
      const there = name === 'red' ? atRed : atBlue
      const committed = controller.rebind('port1', 0, name).then(() => performance.now())
      const arrived = until(`a frame in ${name}`, async () => {
        await injector.send(marked(`flip ${flip}`, { destination: broadcast, source: server.mac }))
        return there.frames.some((frame) => carries(frame.bytes, `flip ${flip}`)) && performance.now()
      })
      delays.push((await arrived) - (await committed))
    }
    assertPrompt(t, delays, 'after vtep-ctl ended')
  })

  await t.test('moves the server from one logical switch to the other', async (t) => {
    await until('the MAC to have moved', async () =>
      (await controller.ctl('list-local-macs', 'red')).includes(server.mac),
    )
    t.notMatch(await controller.ctl('list-local-macs', 'blue'), server.mac)
    await reach(server, redVm.address)
    await exchangeTcp(server.namespace, redVm.namespace, redVm.address)
    t.notOk(await ping(server, blueVm.address))
  })

  await t.test('stops forwarding while tunnel_key is empty or 0', async () => {
    for (const stop of [
      ['clear', 'Logical_Switch', 'red', 'tunnel_key'],
      ['set', 'Logical_Switch', 'red', 'tunnel_key=0'],
    ]) {
      await controller.ctl(...stop)
      await until('the VM to be out of reach', async () => !(await ping(server, redVm.address)))
      await controller.ctl('set', 'Logical_Switch', 'red', 'tunnel_key=5002')
      await reach(server, redVm.address)
    }
    await exchangeTcp(redVm.namespace, server.namespace, server.address)
  })

  await t.test('follows a changed tunnel_key', async (t) => {
    const hypervisor = nth(scene.hypervisors, 0)
    await hypervisor.namespace.ip('link set vx5002 down', 'link del vx5002')
    await hypervisor.join(5003, [scene.gateway.tunnelIp])
    await hypervisor.namespace.ip('link set vx5003 master net5002')
    await controller.ctl('set', 'Logical_Switch', 'red', 'tunnel_key=5003')
    await reach(server, redVm.address)
    await exchangeTcp(server.namespace, redVm.namespace, redVm.address)
    t.pass('on the new VNI')
  })

  await t.test('is gone when unbound', async (t) => {
    await controller.unbind('port1', 0)
    await until('the VM to be out of reach', async () => !(await ping(server, redVm.address)))
    const before = await scene.gateway.dropped('unbound_vlan')
    await injector.send(marked('nowhere', { destination: broadcast, source: server.mac }))
    await until('the frame to be counted', async () => (await scene.gateway.dropped('unbound_vlan')) > before)
    t.notOk(atRed.frames.some((frame) => carries(frame.bytes, 'nowhere')))
  })
})
