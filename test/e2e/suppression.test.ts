import { openCapture, type Capture } from '../lab/capture.js'
import { arpRequest, broadcast, carries, marked } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { forgetNeighbours, reach, type Host } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { fastBfd, tunnelEnd } from '../lab/tunnel-end.js'
import { until } from '../lab/until.js'
import { joinPeers } from './bfd-peer.js'
import { joinBlue } from './join-blue.js'
import { giveAddress, rowsWith, untilStates } from './neighbour-rows.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2', vlan: 7 }] }

inEachMode('ARP and neighbour discovery for VMs whose addresses the controller knows', places, async (t, scene) => {
  const { gateway, controller } = scene
  const [server, tagged] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const atVm = await openCapture(vm.namespace, 'eth0')
  const atServer = await openCapture(server.namespace, 'eth0')
  const atTagged = await openCapture(tagged.namespace, 'eth0')
  const injector = await openInjector(server.namespace, 'eth0')
  for (const tool of [atVm, atServer, atTagged, injector]) scene.lab.own(tool.close)

  /** Frames keep their order on their way: what was flooded before has arrived when this returns. */
  let fences = 0
  const fence = async () => {
    const text = `fence ${++fences}`
    await injector.send(marked(text, { destination: broadcast, source: server.mac }))
    await atVm.until(text, (frame) => carries(frame.bytes, text))
  }

  /** The questions to everybody, or to the group, that the VM hears while the servers look for it. */
  const heardWhile = async (act: () => Promise<void>): Promise<readonly Frame[]> => {
    const before = atVm.frames.length
    await act()
    await fence()
    return atVm.frames.slice(before).filter((frame) => isQuestion(frame) && isGroup(frame.destination))
  }
  const lookForVm = async () => {
    for (const host of [server, tagged]) {
      await forgetNeighbours(host)
      await reach(host, vm.address)
      await reach(host, vm.address6)
    }
  }
  const fromServers = (frames: readonly Frame[]) =>
    frames.filter(({ source }) => [server.mac, tagged.mac].includes(source))

  await t.test('are flooded to the VM as long as the controller says no address', async (t) => {
    t.ok(fromServers(await heardWhile(lookForVm)).length >= 4)
    t.match(await gateway.vtep('show', 'neighbours'), /the controller gave no addresses/)
  })

  for (const address of [vm.address, vm.address6]) await giveAddress(scene, vm.mac, address)
  await untilStates(scene, { [vm.address]: 'answered', [vm.address6]: 'answered' })

  await t.test('are answered by the gateway, and nobody else hears of it', async (t) => {
    const before = await gateway.counted('neighbour_answered')
    t.same(fromServers(await heardWhile(lookForVm)), [])
    for (const host of [server, tagged]) {
      const known = await host.namespace.run(['ip', 'neigh', 'show', 'dev', 'eth0'])
      t.match(known, new RegExp(`^${vm.address} lladdr ${vm.mac} `, 'm'))
      t.match(known, new RegExp(`^${vm.address6} lladdr ${vm.mac} `, 'm'))
    }
    t.ok((await gateway.counted('neighbour_answered')) >= before + 4)
    const { logicalSwitches } = await gateway.show()
    t.match(logicalSwitches, [{ name: 'blue', arpNdSuppression: true, neighbours: 2 }])
  })

  await t.test('get their answers with the tag of the binding', async (t) => {
    const tagsOfAnswer = async (host: Host, capture: Capture) => {
      const before = new Set(capture.frames)
      await forgetNeighbours(host)
      await reach(host, vm.address)
      const isAnswer = (frame: Frame) =>
        !before.has(frame) && frame.arp?.operation === 'reply' && frame.arp.senderIp === vm.address
      return (await capture.until('an answer', isAnswer)).tags
    }
    t.same(await tagsOfAnswer(tagged, atTagged), [{ tpid: 0x8100, vid: 7 }])
    t.same(await tagsOfAnswer(server, atServer), [])
  })

  await t.test('get answers that an independent dissector finds right', async (t) => {
    const fields = {
      arp: ['eth.src', 'eth.dst', 'arp.src.hw_mac', 'arp.src.proto_ipv4', 'arp.dst.hw_mac', 'arp.dst.proto_ipv4'],
      'icmpv6.type==136': [
        ...['eth.src', 'eth.dst', 'ipv6.src', 'ipv6.dst', 'ipv6.hlim', 'icmpv6.checksum.status'],
        ...['icmpv6.nd.na.flag.r', 'icmpv6.nd.na.flag.s', 'icmpv6.nd.na.flag.o'],
        ...['icmpv6.nd.na.target_address', 'icmpv6.opt.linkaddr'],
      ],
    }
    const dissect = async (filter: keyof typeof fields, address: string) => {
      const words = [...fields[filter], '_ws.malformed', '_ws.expert'].flatMap((field) => ['-e', field])
      const tshark = server.namespace.start([
        ...['tshark', '-l', '-n', '-Q', '-i', 'eth0', '-f', `ether src ${vm.mac}`],
        ...['-Y', filter, '-T', 'fields', '-E', 'separator=|', ...words],
      ])
      scene.lab.own(() => tshark.stop('SIGKILL'))
      const line = new Promise<string>((resolve) => tshark.onLine(resolve))
      // A question now and then until tshark captures.
      await until('an answer to be dissected', async () => {
        await forgetNeighbours(server)
        await reach(server, address)
        return Promise.race([line, Promise.resolve(undefined)])
      })
      await tshark.stop('SIGKILL')
      return (await line).split('|')
    }
    const macs = [vm.mac, server.mac]
    t.same(await dissect('arp', vm.address), [...macs, vm.mac, vm.address, server.mac, server.address, '', ''])
    t.same(await dissect('icmpv6.type==136', vm.address6), [
      ...[...macs, vm.address6, server.address6, '255', '1'],
      ...['0', '1', '1', vm.address6, vm.mac, '', ''],
    ])
  })

  await t.test('go to the VM where a server verifies that it is still there', async (t) => {
    const before = atVm.frames.length
    for (const address of [vm.address, vm.address6]) {
      await server.namespace.ip(`neigh replace ${address} lladdr ${vm.mac} dev eth0 nud probe`)
    }
    for (const isOne of [isArpRequest, isSolicitation]) {
      await until('the question', () =>
        Promise.resolve(atVm.frames.slice(before).some((frame) => isOne(frame) && frame.destination === vm.mac)),
      )
    }
    t.pass('both were heard')
  })

  await t.test('detect duplicates: the VM defends its address, and nobody does it in its place', async (t) => {
    const counted = await gateway.counted('neighbour_answered')
    await server.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_dad'])
    const claim = async (verdict: RegExp) => {
      await server.namespace.ip(`addr add ${vm.address6}/64 dev eth0`)
      await until(`the address to be ${String(verdict)}`, async () =>
        verdict.test(await ownAddress(server, vm.address6)),
      )
      await server.namespace.ip(`addr del ${vm.address6}/64 dev eth0`)
    }
    await claim(/ dadfailed /)
    await vm.namespace.ip(`addr del ${vm.address6}/64 dev eth0`)
    await claim(/scope global\s*$/m)
    await vm.namespace.ip(`addr add ${vm.address6}/64 dev eth0 nodad`)

    for (const [name, senderIp] of [
      ['a probe', '0.0.0.0'],
      ['an announcement', vm.address],
    ] as const) {
      await injector.send(arpRequest({ destination: broadcast, source: server.mac, senderIp, targetIp: vm.address }))
      await atVm.until(name, ({ arp }) => arp?.operation === 'request' && arp.senderIp === senderIp)
    }
    t.equal(await gateway.counted('neighbour_answered'), counted)
  })

  await t.test('are answered without the daemon, and by the next one', async (t) => {
    await scene.vtepd.stop('SIGKILL')
    t.same(fromServers(await heardWhile(lookForVm)), [])
    const vtepd = await gateway.start()
    await untilStates(scene, { [vm.address]: 'answered', [vm.address6]: 'answered' })
    t.same(fromServers(await heardWhile(lookForVm)), [])
    t.notMatch(vtepd.output(), /Neighbours/, 'the new daemon found the table as it should be')
  })

  await t.test('are flooded where the logical switch says so', async (t) => {
    await controller.ctl('set', 'Logical_Switch', 'blue', 'other_config:arp-nd-suppression=false')
    await untilStates(scene, { [vm.address]: 'suppression is off', [vm.address6]: 'suppression is off' })
    t.ok(fromServers(await heardWhile(lookForVm)).length >= 4)
    t.match(await gateway.vtep('show', 'logical-switches'), /ANSWERS FOR[^]* off /)
    await controller.ctl('remove', 'Logical_Switch', 'blue', 'other_config', 'arp-nd-suppression')
    await untilStates(scene, { [vm.address]: 'answered', [vm.address6]: 'answered' })
  })

  await t.test('are flooded while two MACs claim the address', async (t) => {
    const rival = await giveAddress(scene, '02:00:00:00:00:99', vm.address)
    await untilStates(scene, { [vm.address]: 'several MACs claim it', [vm.address6]: 'answered' })
    const heard = fromServers(await heardWhile(lookForVm))
    t.ok(heard.length >= 2)
    t.ok(heard.every(isArpRequest))
    await controller.ctl('destroy', 'Ucast_Macs_Remote', rival)
    await untilStates(scene, { [vm.address]: 'answered', [vm.address6]: 'answered' })
  })

  await t.test('are flooded where the address makes no sense, which is a fault; the MAC is served', async (t) => {
    const faults = () => controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')
    const [row = ''] = (await rowsWith(scene, vm.address)).split('\n')
    await controller.ctl('set', 'Ucast_Macs_Remote', row, 'ipaddr=10.0.0.300')
    await until('the fault', async () => (await faults()).includes('unspecified_fault'))
    await untilStates(scene, { [vm.address6]: 'answered' })
    t.ok(fromServers(await heardWhile(lookForVm)).length >= 2)
    await controller.ctl('set', 'Ucast_Macs_Remote', row, `ipaddr=${vm.address}`)
    await until('no fault', async () => (await faults()) === '[]')
    await untilStates(scene, { [vm.address]: 'answered', [vm.address6]: 'answered' })
  })

  await t.test('are flooded once the rows are gone', async (t) => {
    for (const address of [vm.address, vm.address6]) {
      for (const row of (await rowsWith(scene, address)).split('\n')) {
        await controller.ctl('destroy', 'Ucast_Macs_Remote', row)
      }
    }
    await untilStates(scene, {})
    t.ok(fromServers(await heardWhile(lookForVm)).length >= 4)
  })
})

inEachMode(
  'ARP on a box that answers where it is asked to',
  { hypervisors: 0, flags: ['--arp-nd-suppression', 'false'] },
  async (t, scene) => {
    const { gateway, controller } = scene
    const server = nth(scene.servers, 0)
    const [peer] = await joinPeers(scene, ['peer'])
    if (peer === undefined) throw new Error('no peer')
    const far = peer.server
    const answered = () => gateway.counted('neighbour_answered')
    const look = async () => {
      await forgetNeighbours(server)
      await reach(server, far.address)
    }
    await giveAddress(scene, far.mac, far.address)

    await t.test('is flooded by default', async (t) => {
      await untilStates(scene, { [far.address]: 'suppression is off' })
      await look()
      t.equal(await answered(), 0)
    })

    await t.test('is answered in a logical switch that wants it', async (t) => {
      await controller.ctl('set', 'Logical_Switch', 'blue', 'other_config:arp-nd-suppression=true')
      await untilStates(scene, { [far.address]: 'answered' })
      await look()
      t.ok((await answered()) > 0)
    })

    await t.test('is not answered in the name of what BFD found dead, and again when it is back', async (t) => {
      const here = await tunnelEnd(gateway, peer.gateway.tunnelIp)
      const there = await tunnelEnd(peer.gateway, gateway.tunnelIp)
      for (const end of [here, there]) await end.set(...fastBfd)
      await here.untilStatus({ state: 'up', forwarding: 'true' })
      await untilStates(scene, { [far.address]: 'answered' })
      await peer.gateway.attachment.pull()
      await untilStates(scene, { [far.address]: 'its MAC cannot be reached' })
      const before = await answered()
      const injector = await openInjector(server.namespace, 'eth0')
      scene.lab.own(injector.close)
      const { packetsFromLocal } = nth((await gateway.show()).counters, 0)
      const parts = { source: server.mac, senderIp: server.address, targetIp: far.address }
      await injector.send(arpRequest({ destination: broadcast, ...parts }))
      await until(
        'the request to be taken',
        async () => nth((await gateway.show()).counters, 0).packetsFromLocal > packetsFromLocal,
      )
      t.equal(await answered(), before)
      await peer.gateway.attachment.replug()
      await untilStates(scene, { [far.address]: 'answered' })
      await look()
      t.ok((await answered()) > before)
    })
  },
)

async function ownAddress({ namespace }: Host, address: string): Promise<string> {
  const lines = (await namespace.run(['ip', '-6', 'addr', 'show', 'dev', 'eth0'])).split('\n')
  return lines.find((line) => line.includes(` ${address}/`)) ?? ''
}

function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
}

function isQuestion(frame: Frame): boolean {
  return isArpRequest(frame) || isSolicitation(frame)
}

function isArpRequest({ arp }: Frame): boolean {
  return arp?.operation === 'request'
}

/** ICMPv6 type 135 right behind the fixed header (RFC 4861 section 4.3). */
function isSolicitation({ etherType, payload }: Frame): boolean {
  return etherType === 0x86dd && payload[6] === 58 && payload[40] === 135
}
