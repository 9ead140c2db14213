import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2', vlan: 20 }] }

inEachMode('two servers on two ports of one logical switch, one of them tagged', places, async (t, scene) => {
  const first = nth(scene.servers, 0)
  const second = nth(scene.servers, 1)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const underlay = await openCapture(nth(scene.hypervisors, 0).namespace, 'under', { filter: 'udp port 4789' })
  scene.lab.own(underlay.close)
  await reach(first, second.address)
  await reach(second, vm.address)

  await t.test('exchange TCP with each other and with a VM', async () => {
    await exchangeTcp(first.namespace, second.namespace, second.address)
    await exchangeTcp(second.namespace, first.namespace, first.address6)
    await exchangeTcp(first.namespace, vm.namespace, vm.address)
    await exchangeTcp(vm.namespace, second.namespace, second.address)
  })

  await t.test('what they send to each other does not go to the underlay', (t) => {
    const between = underlay.matching(
      ({ vxlan }) =>
        vxlan?.inner.source === first.mac && vxlan.inner.destination === second.mac && vxlan.inner.ipv4?.protocol === 6,
    )
    t.same(between, [])
    t.end()
  })

  const fromFirst = await openInjector(first.namespace, 'eth0')
  const fromSecond = await openInjector(second.namespace, 'eth0')
  const fromVm = await openInjector(vm.namespace, 'eth0')
  const atFirst = await openCapture(first.namespace, 'eth0')
  const atSecond = await openCapture(second.namespace, 'eth0')
  for (const tool of [fromFirst, fromSecond, fromVm, atFirst, atSecond]) scene.lab.own(tool.close)

  await t.test('a broadcast goes once to the other port, once to each tunnel and not back', async (t) => {
    await fromFirst.send(marked('flood', { destination: broadcast, source: first.mac }))
    await fromFirst.send(marked('flood fence', { destination: broadcast, source: first.mac }))
    const has = (name: string) => (frame: { bytes: Buffer }) => carries(frame.bytes, name)
    await atSecond.until('the fence at the other port', has('flood fence'))
    await underlay.until('the fence at the hypervisor', has('flood fence'))
    await atFirst.until('the fence on its way out', has('flood fence'))
    t.equal(atSecond.matching(has('flood')).length, 1)
    t.equal(underlay.matching(has('flood')).length, 1)
    t.equal(atFirst.matching(has('flood')).length, 1, 'only the frame that went out')
  })

  await t.test('a MAC that moves to the other port is followed by the next frame', async (t) => {
    const roaming = '02:00:00:00:0a:0a'
    await fromFirst.send(marked('here', { destination: broadcast, source: roaming }))
    await atSecond.until('the first appearance', (frame) => carries(frame.bytes, 'here'))
    await fromVm.send(marked('to port1', { destination: roaming, source: vm.mac }))
    await atFirst.until('a frame to the roaming MAC', (frame) => carries(frame.bytes, 'to port1'))

    await fromSecond.send(marked('there', { destination: broadcast, source: roaming }))
    await atFirst.until('the second appearance', (frame) => carries(frame.bytes, 'there'))
    await fromVm.send(marked('to port2', { destination: roaming, source: vm.mac }))
    const followed = await atSecond.until('a frame to the MAC after its move', (frame) =>
      carries(frame.bytes, 'to port2'),
    )
    t.same(
      followed.tags.map((tag) => tag.vid),
      [20],
    )
    t.same(
      atFirst.matching((frame) => carries(frame.bytes, 'to port2')),
      [],
    )
  })
})
