import { openCapture } from '../lab/capture.js'
import { assertCarrier, awaitMode, carriedDuring } from '../lab/carriers.js'
import { broadcast, carries, marked, vxlanFrame } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { arrivals, startStream, untilCarried } from '../lab/numbered-stream.js'
import { exchangeTcp } from '../lab/tcp.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { placeBehind, rekey } from './keyed-locators.js'
import { inEachMode, nth } from './stage.js'

const places = { hypervisors: 2, servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode('a tunnel_key of a locator', places, async (t, scene) => {
  const { controller, gateway } = scene
  const [server, other] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const [keyed, plain] = [nth(scene.hypervisors, 0), nth(scene.hypervisors, 1)]
  const ctl = (...words: string[]) => controller.ctl(...words)
  const faults = () => ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')
  const stateOf = async (name: string) => (await gateway.show()).logicalSwitches.find((ls) => ls.name === name)?.state
  await ctl('add-ls', 'blue', '--', 'set-replication-mode', 'blue', 'source_node')
  await controller.bind('port1', 0, 'blue')
  const blue = await ctl('get', 'Logical_Switch', 'blue', '_uuid')
  await keyed.join(7001, [gateway.tunnelIp])
  await keyed.remoteMac(7001, server.mac, gateway.tunnelIp)
  const vm = await keyed.vm('vm1', 7001, 101)
  const locator = { ip: keyed.address, key: 7001 }
  const ourselves = { ip: gateway.tunnelIp, key: 7001 }

  const fromServer = await openInjector(server.namespace, 'eth0')
  const fromUnderlay = await openInjector(keyed.namespace, 'under')
  const atServer = await openCapture(server.namespace, 'eth0')
  const byGateway = `udp dst port 4789 and src host ${gateway.tunnelIp}`
  const atKeyed = await openCapture(keyed.namespace, 'under', { filter: byGateway })
  const atPlain = await openCapture(plain.namespace, 'under', { filter: byGateway })
  for (const tool of [fromServer, fromUnderlay, atServer, atKeyed, atPlain]) scene.lab.own(tool.close)
  const send = (text: string, destination: string) => fromServer.send(marked(text, { destination, source: server.mac }))
  const outer = async (vni: number, text: string) =>
    fromUnderlay.send(
      vxlanFrame({
        destinationMac: await gatewayMac,
        sourceMac: await keyedMac,
        source: keyed.address,
        destination: gateway.tunnelIp,
        vni,
        inner: marked(text, { destination: server.mac, source: vm.mac }),
      }),
    )
  const gatewayMac = deviceMac(gateway.namespace, 'under')
  const keyedMac = deviceMac(keyed.namespace, 'under')
  const carriesVni = (vni: number) => (frame: Frame) => frame.vxlan?.vni === vni

  await t.test(
    'alone: the logical switch without a key carries traffic in that of the locator, both ways',
    async (t) => {
      t.equal(await stateOf('blue'), 'no tunnel_key')
      await placeBehind(gateway.database, blue, [locator, ourselves], new Map([[vm.mac, locator]]))
      await reach(server, vm.address)
      await awaitMode(gateway, scene.mode)
      const carried = await carriedDuring(gateway, async () => {
        await exchangeTcp(server.namespace, vm.namespace, vm.address)
        await exchangeTcp(vm.namespace, server.namespace, server.address)
      })
      assertCarrier(t, scene.mode, carried, 100)
      for (const destination of [vm.mac, broadcast]) {
        await send(`to ${destination}`, destination)
        await untilCarried(atKeyed, `to ${destination}`)
      }
      t.ok(atKeyed.frames.every(carriesVni(7001)))
      t.equal(await faults(), '[]', 'the locator of this gateway itself is no fault')
    },
  )

  await t.test('is shown', async (t) => {
    const { remoteMacs, logicalSwitches } = await gateway.show()
    t.match(remoteMacs, [{ mac: vm.mac, vtep: keyed.address, key: 7001 }])
    t.match(logicalSwitches, [{ name: 'blue', vni: null, state: 'forwarding', floodList: [`${keyed.address}#7001`] }])
    t.match(await gateway.vtep('show', 'logical-switches'), `${keyed.address} key 7001`)
    t.match(await gateway.vtep('show', 'macs', 'remote'), /7001/)
  })

  await t.test('goes before a key of the logical switch, which the other locators have', async (t) => {
    await ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5001')
    await plain.join(5001, [gateway.tunnelIp])
    await plain.remoteMac(5001, server.mac, gateway.tunnelIp)
    const there = await plain.vm('vm2', 5001, 102)
    await controller.remoteMac('blue', there.mac, plain.address)
    await controller.flood('blue', plain.address)
    for (const host of [vm, there]) {
      await reach(server, host.address)
      await exchangeTcp(server.namespace, host.namespace, host.address, { amount: 1024 * 1024 })
      await exchangeTcp(host.namespace, server.namespace, server.address, { amount: 1024 * 1024 })
    }
    await send('to both', broadcast)
    for (const [capture, vni] of [
      [atKeyed, 7001],
      [atPlain, 5001],
    ] as const) {
      const frame = await capture.until('the broadcast', ({ bytes }) => carries(bytes, 'to both'))
      t.equal(frame.vxlan?.vni, vni)
    }
    const tunnels = (await gateway.show()).tunnels.map(({ remote }) => remote)
    t.same(tunnels, [keyed.address, plain.address].sort())
    const rows = (await ctl('--bare', '--columns=_uuid', 'list', 'Tunnel')).split('\n').filter((line) => line !== '')
    t.equal(rows.length, 2, 'one Tunnel row for each remote VTEP')
  })

  await t.test('changed in place is followed without a gap, in both directions', async (t) => {
    const up = startStream('up', (text) => send(text, vm.mac))
    // The peer's frames come in both keys, so one of them must be right at any time; it may be another one after the first.
    const down = startStream('down', async (text) => {
      for (const vni of [7001, 7002, 7001]) await outer(vni, text)
    })
    for (let turn = 0; turn < 5; turn++) {
      await up.more(30)
      await rekey(gateway.database, { ip: keyed.address, key: 7001 }, 7002)
      await until('frames in the new key', async () => {
        await up.more(1)
        return atKeyed.matching(carriesVni(7002)).length > turn * 2
      })
      await up.more(30)
      await rekey(gateway.database, { ip: keyed.address, key: 7002 }, 7001)
      await up.more(30)
    }
    const [sentUp, sentDown] = [await up.stop(), await down.stop()]
    await send('up end', vm.mac)
    await untilCarried(atKeyed, 'up end')
    await outer(7001, 'down end')
    await untilCarried(atServer, 'down end')
    t.same(
      new Set(arrivals(atKeyed, 'up', sentUp, () => true)),
      new Set([1]),
      `${sentUp} frames to the VTEP, each once`,
    )
    const times = arrivals(atServer, 'down', sentDown, () => true)
    t.notOk(times.includes(0), `${sentDown} numbers from the VTEP, none missing`)
    t.ok(arrivals(atKeyed, 'up', sentUp, carriesVni(7002)).includes(1))
  })

  await t.test('out of range is a fault, and the other locators are served', async (t) => {
    await rekey(gateway.database, locator, 16_777_216)
    await until('a fault', async () => (await faults()) !== '[]')
    await until('the VM to be out of reach', async () => !(await ping(server, vm.address)))
    t.ok(await ping(server, '10.0.0.102'))
    await rekey(gateway.database, { ip: keyed.address, key: 16_777_216 }, 7001)
    await until('no fault', async () => (await faults()) === '[]')
    await reach(server, vm.address)
  })

  await t.test(
    'claimed by a second logical switch at the same VTEP is a fault of that one, until the first goes',
    async (t) => {
      await ctl('add-ls', 'red')
      await controller.bind('port2', 0, 'red')
      const red = await ctl('get', 'Logical_Switch', 'red', '_uuid')
      // It has no unknown-dst, so the server has to know the VM's MAC.
      await other.namespace.ip(`neigh replace ${vm.address} lladdr ${vm.mac} dev eth0`)
      const found = (await transact(gateway.database, {
        op: 'select',
        table: 'Physical_Locator',
        where: [['tunnel_key', '==', 7001]],
        columns: ['_uuid', 'dst_ip'],
      })) as { rows: { _uuid: [string, string]; dst_ip: string }[] }[]
      const row = found[0]?.rows.find(({ dst_ip }) => dst_ip === keyed.address)
      await transact(gateway.database, {
        op: 'insert',
        table: 'Ucast_Macs_Remote',
        row: { MAC: vm.mac, logical_switch: ['uuid', red], locator: row?._uuid },
      })
      await until('a fault', async () => (await faults()) !== '[]')
      await reach(server, vm.address)
      t.notOk(await ping(other, vm.address))
      await controller.unbind('port1', 0)
      await until('no fault', async () => (await faults()) === '[]')
      await keyed.remoteMac(7001, other.mac, gateway.tunnelIp)
      await reach(other, vm.address)
    },
  )
})
