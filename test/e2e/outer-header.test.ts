import { openCapture } from '../lab/capture.js'
import { carries, marked, markedUdp } from '../lab/craft.js'
import { openInjector } from '../lab/injector.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode('what the gateway puts on the underlay', {}, async (t, scene) => {
  const server = nth(scene.servers, 0)
  const hypervisor = nth(scene.hypervisors, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const underlay = await openCapture(hypervisor.namespace, 'under', {
    filter: `udp dst port 4789 and src host ${scene.gateway.tunnelIp}`,
  })
  scene.lab.own(underlay.close)
  const injector = await openInjector(server.namespace, 'eth0')
  scene.lab.own(injector.close)

  t.test('unicast and flooded frames have the outer header that RFC 7348 asks for', async (t) => {
    for (const destination of [vm.mac, 'ff:ff:ff:ff:ff:ff', '01:00:5e:01:02:03', '02:00:00:00:77:77']) {
      const name = `to ${destination}`
      await injector.send(marked(name, { destination, source: server.mac }))
      const outer = await underlay.until(name, (frame) => carries(frame.bytes, name))
      t.match(outer, {
        ipv4: { src: scene.gateway.tunnelIp, dst: hypervisor.address, ttl: 64, dontFragment: true },
        udp: { checksum: 0 },
        vxlan: { vni: 5001, inner: { source: server.mac, destination } },
      })
      t.ok((outer.udp?.sourcePort ?? 0) >= 32768, `source port ${outer.udp?.sourcePort} is an ephemeral one`)
    }
  })

  t.test('the source port stays for a flow and differs between flows', async (t) => {
    const ports = new Map<number, Set<number>>()
    for (let flow = 1; flow <= 12; flow++) {
      ports.set(flow, new Set())
      for (const time of [1, 2]) {
        const name = `flow ${flow} time ${time}`
        const ends = { destination: vm.mac, source: server.mac, destinationIp: vm.address, sourceIp: server.address }
        await injector.send(markedUdp(name, { ...ends, sourcePort: 20_000 + flow }))
        const outer = await underlay.until(name, (frame) => carries(frame.bytes, name))
        ports.get(flow)?.add(outer.udp?.sourcePort ?? 0)
      }
    }
    t.same(
      [...ports.values()].map((used) => used.size),
      Array(12).fill(1),
      'one port for each flow',
    )
    t.ok(new Set([...ports.values()].flatMap((used) => [...used])).size > 4, 'several ports over all flows')
  })

  t.test('an independent dissector reads the same', async (t) => {
    const fields = ['ip.src', 'ip.dst', 'udp.dstport', 'vxlan.vni', 'eth.src', 'icmp.type'].flatMap((field) => [
      '-e',
      field,
    ])
    const filter = ['-f', `udp dst port 4789 and src host ${scene.gateway.tunnelIp}`, '-Y', 'icmp']
    const tshark = hypervisor.namespace.start([
      'tshark',
      '-lni',
      'under',
      ...filter,
      '-c',
      '1',
      '-T',
      'fields',
      '-E',
      'separator=;',
      ...fields,
    ])
    scene.lab.own(() => tshark.stop('SIGKILL'))
    const line = new Promise<string>((resolve) => tshark.onLine(resolve))
    const pings = server.namespace.start(['ping', '-i', '0.2', vm.address])
    scene.lab.own(() => pings.stop('SIGKILL'))
    const [ipSource, ipDestination, port, vni, macs, type] = (await line).split(';')
    t.equal(ipSource?.split(',')[0], scene.gateway.tunnelIp)
    t.equal(ipDestination?.split(',')[0], hypervisor.address)
    t.equal(port, '4789')
    t.equal(vni, '5001')
    t.equal(macs?.split(',')[1], server.mac)
    t.equal(type, '8')
    await pings.stop()
  })
})
