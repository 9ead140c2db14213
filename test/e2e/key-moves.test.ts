import { openCapture } from '../lab/capture.js'
import { carries, marked, vxlanFrame } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { openInjector } from '../lab/injector.js'
import { arrivals, startStream, untilCarried, type NumberedStream } from '../lab/numbered-stream.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }] }

inEachMode('keys that change hands in one transaction', places, async (t, scene) => {
  const { controller, gateway } = scene
  const server = nth(scene.servers, 0)
  const hypervisor = nth(scene.hypervisors, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const fromServer = await openInjector(server.namespace, 'eth0')
  const fromUnderlay = await openInjector(hypervisor.namespace, 'under')
  const atServer = await openCapture(server.namespace, 'eth0')
  const atHypervisor = await openCapture(hypervisor.namespace, 'under', {
    filter: `udp dst port 4789 and src host ${gateway.tunnelIp}`,
  })
  for (const tool of [fromServer, fromUnderlay, atServer, atHypervisor]) scene.lab.own(tool.close)
  const outerMacs = {
    destinationMac: await deviceMac(gateway.namespace, 'under'),
    sourceMac: await deviceMac(hypervisor.namespace, 'under'),
  }
  const up = (text: string, vlan?: number) =>
    fromServer.send(marked(text, { destination: vm.mac, source: server.mac, ...(vlan === undefined ? {} : { vlan }) }))
  const down = (vni: number, text: string) =>
    fromUnderlay.send(
      vxlanFrame({
        ...outerMacs,
        source: hypervisor.address,
        destination: gateway.tunnelIp,
        vni,
        inner: marked(text, { destination: server.mac, source: vm.mac }),
      }),
    )
  /** Waits until frames of a stream go out in a key, and for some more of them. */
  const untilSentIn = async (name: string, vni: number, stream: NumberedStream) => {
    const inKey = (frame: Frame) => frame.vxlan?.vni === vni && frame.bytes.includes(`<${name} `)
    const before = atHypervisor.matching(inKey).length
    await until(`${name} in key ${vni}`, async () => {
      await stream.more(1)
      return atHypervisor.matching(inKey).length > before
    })
    await stream.more(20)
  }

  await t.test('from a logical switch to its locators and back: no frame is lost in either direction', async (t) => {
    const blue = await controller.ctl('get', 'Logical_Switch', 'blue', '_uuid')
    // A logical switch without a binding keeps both locators in the database.
    await controller.addSwitch('keeper', 5009)
    await controller.remoteMac('keeper', '02:00:00:00:09:01', hypervisor.address)
    const keeper = await controller.ctl('get', 'Logical_Switch', 'keeper', '_uuid')
    await transact(
      gateway.database,
      {
        op: 'insert',
        table: 'Physical_Locator',
        'uuid-name': 'keyed',
        row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: hypervisor.address, tunnel_key: 7001 },
      },
      {
        op: 'insert',
        table: 'Ucast_Macs_Remote',
        row: { MAC: '02:00:00:00:09:02', logical_switch: ['uuid', keeper], locator: ['named-uuid', 'keyed'] },
      },
    )
    const locatorOf = async (mac: string) =>
      controller.ctl('--bare', '--columns=locator', 'find', 'Ucast_Macs_Remote', `MAC="${mac}"`)
    const [plain, keyed] = [await locatorOf('02:00:00:00:09:01'), await locatorOf('02:00:00:00:09:02')]
    const move = (key: number | undefined, locator: string) =>
      transact(
        gateway.database,
        {
          op: 'update',
          table: 'Logical_Switch',
          where: [['_uuid', '==', ['uuid', blue]]],
          row: { tunnel_key: key ?? ['set', []] },
        },
        {
          op: 'update',
          table: 'Ucast_Macs_Remote',
          where: [['MAC', '==', vm.mac]],
          row: { locator: ['uuid', locator] },
        },
      )
    const upward = startStream('up', (text) => up(text))
    const downward = startStream('down', async (text) => {
      for (const vni of [5001, 7001, 5001]) await down(vni, text)
    })
    for (let turn = 0; turn < 5; turn++) {
      await move(undefined, keyed)
      await untilSentIn('up', 7001, upward)
      await move(5001, plain)
      await untilSentIn('up', 5001, upward)
    }
    const counts = { up: await upward.stop(), down: await downward.stop() }
    await up('up end')
    await untilCarried(atHypervisor, 'up end')
    await down(5001, 'down end')
    await untilCarried(atServer, 'down end')
    const times = arrivals(atHypervisor, 'up', counts.up, () => true)
    t.same(new Set(times), new Set([1]), `${counts.up} frames to the VM, each once`)
    t.ok(arrivals(atHypervisor, 'up', counts.up, (frame) => frame.vxlan?.vni === 7001).includes(1))
    t.notOk(arrivals(atServer, 'down', counts.down, () => true).includes(0), `${counts.down} numbers, none missing`)
  })

  await t.test('between two logical switches: no frame is lost in either direction', async (t) => {
    await controller.addSwitch('red', 5002)
    await controller.bind('port1', 7, 'red')
    await controller.remoteMac('red', vm.mac, hypervisor.address)
    await until('red to carry frames', async () => {
      await up('known in red', 7)
      return atHypervisor.frames.some(({ bytes }) => carries(bytes, 'known in red'))
    })
    const [inBlue, inRed] = [startStream('blue', (text) => up(text)), startStream('red', (text) => up(text, 7))]
    const downward = startStream('both', async (text) => {
      for (const vni of [5001, 5002]) await down(vni, text)
    })
    for (let turn = 0; turn < 5; turn++) {
      for (const [blue, red] of [
        [5002, 5001],
        [5001, 5002],
      ] as const) {
        const set = (name: string, key: number) => ['set', 'Logical_Switch', name, `tunnel_key=${key}`]
        await controller.ctl(...set('blue', blue), '--', ...set('red', red))
        await untilSentIn('blue', blue, inBlue)
      }
    }
    const counts = { blue: await inBlue.stop(), red: await inRed.stop(), both: await downward.stop() }
    await up('up end of both')
    await untilCarried(atHypervisor, 'up end of both')
    await down(5001, 'down end of both')
    await untilCarried(atServer, 'down end of both')
    for (const name of ['blue', 'red'] as const) {
      const times = arrivals(atHypervisor, name, counts[name], () => true)
      t.same(new Set(times), new Set([1]), `${counts[name]} frames of ${name}, each once`)
    }
    const times = arrivals(atServer, 'both', counts.both, () => true)
    t.same(new Set(times), new Set([2]), `${counts.both} numbers in each of the keys, all delivered`)
  })
})
