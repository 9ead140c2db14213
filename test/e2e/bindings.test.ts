import { openCapture } from '../lab/capture.js'
import { awaitMode } from '../lab/carriers.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
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

  await t.test('is gone when unbound', async (t) => {
    await controller.unbind('port1', 0)
    await until('the VM to be out of reach', async () => !(await ping(server, redVm.address)))
    const before = await scene.gateway.dropped('unbound_vlan')
    await injector.send(marked('nowhere', { destination: broadcast, source: server.mac }))
    await until('the frame to be counted', async () => (await scene.gateway.dropped('unbound_vlan')) > before)
    t.notOk(atRed.frames.some((frame) => carries(frame.bytes, 'nowhere')))
  })
})
