import { assertCarrier, carriedDuring } from '../lab/carriers.js'
import { openCapture } from '../lab/capture.js'
import type { Frame } from '../lab/frame.js'
import { forgetNeighbours, type Host, reach } from '../lab/host.js'
import type { Lab } from '../lab/lab.js'
import { exchangeTcp } from '../lab/tcp.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const fullFrame = 1450 + 14

inEachMode('an untagged server and a VM', {}, async (t, scene, mode) => {
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)

  t.test('resolve each other by ARP', async (t) => {
    for (const [asker, answerer] of [
      [server, vm],
      [vm, server],
    ] as const) {
      await forgetNeighbours(asker)
      const seen = await openCapture(answerer.namespace, 'eth0', { filter: 'arp' })
      scene.lab.own(seen.close)
      await reach(asker, answerer.address)
      const question = await seen.until(
        'an ARP request',
        ({ arp }) => arp?.operation === 'request' && arp.targetIp === answerer.address,
      )
      t.match(question, { arp: { senderIp: asker.address, senderMac: asker.mac } })
      await seen.until('the ARP reply', ({ arp }) => arp?.operation === 'reply' && arp.senderIp === answerer.address)
      await seen.close()
    }
  })

  t.test('resolve each other by IPv6 neighbour discovery', async (t) => {
    for (const [asker, answerer] of [
      [server, vm],
      [vm, server],
    ] as const) {
      await forgetNeighbours(asker)
      const seen = await openCapture(answerer.namespace, 'eth0', { filter: 'icmp6' })
      scene.lab.own(seen.close)
      await reach(asker, answerer.address6)
      const solicitation = await seen.until(
        'a neighbour solicitation',
        (frame) => icmp6Type(frame) === 135 && frame.source === asker.mac,
      )
      t.match(solicitation.destination, /^33:33:ff:/, 'was multicast')
      await seen.until('the advertisement', (frame) => icmp6Type(frame) === 136 && frame.source === answerer.mac)
      await seen.close()
    }
  })

  t.test('ping with every size up to the largest', async (t) => {
    for (const [from, to] of [
      [server, vm],
      [vm, server],
    ] as const) {
      for (const size of [0, 18, 64, 700, 1422]) {
        const outcome = await from.namespace.attempt([
          'ping',
          '-n',
          '-c',
          '2',
          '-i',
          '0.05',
          '-W',
          '2',
          '-M',
          'do',
          '-s',
          `${size}`,
          to.address,
        ])
        t.equal(outcome.status, 0, `${from.namespace.name} to ${to.address}, ${size} bytes`)
      }
    }
  })

  for (const [name, address] of [
    ['IPv4', 'address'],
    ['IPv6', 'address6'],
  ] as const) {
    t.test(`exchange TCP over ${name} in full segments, whoever opens the connection`, async (t) => {
      for (const [from, to] of [
        [server, vm],
        [vm, server],
      ] as const) {
        const atFrom = await longestArrival(scene.lab, from)
        const atTo = await longestArrival(scene.lab, to)
        await exchangeTcp(from.namespace, to.namespace, to[address], { amount: 8 * 1024 * 1024 })
        t.ok(atFrom() >= fullFrame, `${from.namespace.name} took frames of ${atFrom()} bytes`)
        t.ok(atTo() >= fullFrame, `${to.namespace.name} took frames of ${atTo()} bytes`)
      }
    })
  }

  t.test(`known unicast goes through ${mode === 'xdp' ? 'XDP alone' : "the kernel's VXLAN device"}`, async (t) => {
    const echoes = 200
    const pings = await carriedDuring(scene.gateway, async () => {
      for (const [from, to] of [
        [server, vm],
        [vm, server],
      ] as const)
        await from.namespace.run(['ping', '-n', '-q', '-c', `${echoes}`, '-i', '0.002', to.address])
    })
    assertCarrier(t, mode, pings, 2 * echoes)
    const tcp = await carriedDuring(scene.gateway, () => exchangeTcp(server.namespace, vm.namespace, vm.address))
    assertCarrier(t, mode, tcp, mode === 'xdp' ? 2000 : 50)
  })
})

/** Watches a host's device; the answer is the length of the longest TCP frame that arrived. */
async function longestArrival(lab: Lab, host: Host): Promise<() => number> {
  const seen = await openCapture(host.namespace, 'eth0', { filter: `tcp and ether dst ${host.mac}`, snapLength: 64 })
  lab.own(seen.close)
  return () => {
    void seen.close()
    return Math.max(0, ...seen.frames.map((frame) => frame.length))
  }
}

function icmp6Type(frame: Frame): number | undefined {
  return frame.etherType === 0x86dd && frame.payload[6] === 58 ? frame.payload[40] : undefined
}
