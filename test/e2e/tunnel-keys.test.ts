import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked, vxlanFrame } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { arrivals, startStream, untilCarried } from '../lab/numbered-stream.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { joinBlue } from './join-blue.js'
import { assertPrompt, inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }] }

inEachMode('the tunnel_key of a logical switch that carries traffic', places, async (t, scene) => {
  const { controller, gateway } = scene
  const server = nth(scene.servers, 0)
  const hypervisor = nth(scene.hypervisors, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const setKey = (name: string, key: string) => controller.ctl('set', 'Logical_Switch', name, `tunnel_key=${key}`)
  const faults = () => controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')
  const fromServer = await openInjector(server.namespace, 'eth0')
  const fromUnderlay = await openInjector(hypervisor.namespace, 'under')
  const atServer = await openCapture(server.namespace, 'eth0')
  const atHypervisor = await openCapture(hypervisor.namespace, 'under', {
    filter: `udp dst port 4789 and src host ${gateway.tunnelIp}`,
  })
  for (const tool of [fromServer, fromUnderlay, atServer, atHypervisor]) scene.lab.own(tool.close)
  const [gatewayMac, ownMac] = [
    await deviceMac(gateway.namespace, 'under'),
    await deviceMac(hypervisor.namespace, 'under'),
  ]
  const send = (text: string, destination: string) => fromServer.send(marked(text, { destination, source: server.mac }))
  const outer = (vni: number, text: string) =>
    fromUnderlay.send(
      vxlanFrame({
        destinationMac: gatewayMac,
        sourceMac: ownMac,
        source: hypervisor.address,
        destination: gateway.tunnelIp,
        vni,
        inner: marked(text, { destination: server.mac, source: vm.mac }),
      }),
    )
  const carriesVni = (vni: number) => (frame: Frame) => frame.vxlan?.vni === vni

  await t.test('changes without a gap: no frame is lost in either direction at a peer that accepts both', async (t) => {
    const unicast = startStream('unicast', (text) => send(text, vm.mac))
    const flooded = startStream('flooded', (text) => send(text, broadcast))
    // The key may change between the first two.
    const down = startStream('down', async (text) => {
      for (const vni of [5001, 5002, 5001]) await outer(vni, text)
    })
    for (let turn = 0; turn < 5; turn++) {
      for (const [key, other] of [
        [5002, 5001],
        [5001, 5002],
      ] as const) {
        await setKey('blue', `${key}`)
        const before = atHypervisor.matching(carriesVni(key)).length
        await until(`frames in ${key} and not ${other}`, async () => {
          await unicast.more(1)
          return atHypervisor.matching(carriesVni(key)).length > before + 5
        })
        await flooded.more(20)
      }
    }
    const counts = { unicast: await unicast.stop(), flooded: await flooded.stop(), down: await down.stop() }
    await send('up end', vm.mac)
    await untilCarried(atHypervisor, 'up end')
    await outer(5001, 'down end')
    await untilCarried(atServer, 'down end')
    for (const name of ['unicast', 'flooded'] as const) {
      const times = arrivals(atHypervisor, name, counts[name], () => true)
      t.same(new Set(times), new Set([1]), `${counts[name]} ${name} frames, each once`)
      t.ok(arrivals(atHypervisor, name, counts[name], carriesVni(5002)).includes(1), 'some in the other key')
    }
    t.notOk(arrivals(atServer, 'down', counts.down, () => true).includes(0), `${counts.down} numbers, none missing`)
  })

  await t.test('emptied or 0 stops both directions promptly, without a fault', async (t) => {
    const delays: number[] = []
    for (let turn = 0; turn < 3; turn++) {
      for (const stop of [
        ['clear', 'Logical_Switch', 'blue', 'tunnel_key'],
        ['set', 'Logical_Switch', 'blue', 'tunnel_key=0'],
      ]) {
        const name = `stop ${delays.length}`
        const before = await gateway.dropped('unbound_vlan')
        const stream = startStream(name, (text) => send(text, vm.mac))
        await stream.more(20)
        await controller.ctl(...stop)
        const committed = performance.now()
        await until('frames to be dropped', async () => (await gateway.dropped('unbound_vlan')) > before)
        const count = await stream.stop()
        const times = arrivals(atHypervisor, name, count, () => true)
        const last = times.lastIndexOf(1)
        t.ok(last < count - 1, 'it stopped')
        delays.push(nth(stream.sentAt, last) - committed)
        const unknown = await gateway.dropped('unknown_vni')
        await outer(5001, `${name} down`)
        await until('the frame to be counted', async () => (await gateway.dropped('unknown_vni')) > unknown)
        t.notOk(atServer.frames.some(({ bytes }) => carries(bytes, `${name} down`)))
        t.equal(await faults(), '[]')
        await setKey('blue', '5001')
        await reach(server, vm.address)
      }
    }
    assertPrompt(t, delays, 'from the end of vtep-ctl to the last frame')
  })

  await t.test('out of range stops the logical switch with a fault, until it is mended', async (t) => {
    for (const key of ['16777216', '-1']) {
      await setKey('blue', key)
      await until('a fault', async () => (await faults()) !== '[]')
      await until('the VM to be out of reach', async () => !(await ping(server, vm.address)))
      await setKey('blue', '5001')
      await until('no fault', async () => (await faults()) === '[]')
      await reach(server, vm.address)
    }
    t.pass('and back')
  })

  await t.test('that another one has is a fault of the second, which works once the first is gone', async (t) => {
    await controller.addSwitch('red', 5001)
    await controller.bind('port1', 7, 'red')
    await until('a fault', async () => (await faults()) !== '[]')
    const states = async () =>
      Object.fromEntries((await gateway.show()).logicalSwitches.map(({ name, state }) => [name, state]))
    t.match(await states(), { blue: 'forwarding', red: /5001.*blue/ })
    await reach(server, vm.address)
    await setKey('blue', '0')
    await until('red to be served', async () => (await states()).red === 'forwarding')
    t.equal(await faults(), '[]')
    await setKey('red', '0')
    await until('neither to be served', async () => Object.values(await states()).every((s) => s === 'no tunnel_key'))
    t.equal(await faults(), '[]', 'both 0 is legal')
    await setKey('blue', '5001')
    await reach(server, vm.address)
  })
})
