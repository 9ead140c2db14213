import { existsSync } from 'node:fs'
import t from 'tap'
import { startBackground } from './background.js'
import { openCapture } from './capture.js'
import { checkoutPath } from './checkout.js'
import { broadcast, carries, marked } from './craft.js'
import { makeHost, ping, reach } from './host.js'
import { makeHypervisor } from './hypervisor.js'
import { openInjector } from './injector.js'
import { type Lab, openLab } from './lab.js'
import { exchangeTcp } from './tcp.js'
import { makeUnderlay } from './underlay.js'

/** A hypervisor's bridge and vxlan device stand where the gateway stands otherwise, so this tests the lab alone. */
async function openStandIn(lab: Lab, options: { mtu: number; routed: boolean; vlan?: number; physical?: boolean }) {
  const { physical = false } = options
  const underlay = await makeUnderlay(lab, { mtu: options.mtu, routed: options.routed, physical })
  const standIn = await makeHypervisor(lab, 'standin', underlay)
  const hypervisor = await makeHypervisor(lab, 'hypervisor', underlay)
  await standIn.join(5001, [hypervisor.address])
  await hypervisor.join(5001, [standIn.address])
  const vm = await hypervisor.vm('vm', 5001, 2)
  const server = await makeHost(
    lab,
    'server',
    { namespace: standIn.namespace, device: 'port1', mtu: options.mtu },
    { number: 1, mtu: options.mtu - 50, physical, ...(options.vlan === undefined ? {} : { vlan: options.vlan }) },
  )
  await standIn.namespace.ip('link set port1 master net5001')
  return { underlay, standIn, hypervisor, vm, server }
}

for (const options of [
  { mtu: 1500, routed: false },
  { mtu: 9000, routed: true },
  { mtu: 1500, routed: false, physical: true },
]) {
  t.test(`a server reaches a VM through kernel vxlan: ${JSON.stringify(options)}`, async (t) => {
    const lab = await openLab()
    t.teardown(lab.close)
    const { underlay, vm, server, standIn, hypervisor } = await openStandIn(lab, options)
    const capture = await openCapture(underlay.namespace, 'to-2', { filter: 'udp port 4789' })
    lab.own(capture.close)
    await reach(server, vm.address)
    await reach(server, vm.address6)
    const request = await capture.until('an echo request', (frame) => frame.vxlan?.inner.ipv4?.dst === vm.address)
    t.match(request, {
      vxlan: { vni: 5001, inner: { source: server.mac } },
      ipv4: { src: standIn.address, dst: hypervisor.address },
    })
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    await exchangeTcp(vm.namespace, server.namespace, server.address6)
  })
}

t.test('a tagged server sends tagged frames and takes only those of its VLAN', async (t) => {
  const lab = await openLab()
  t.teardown(lab.close)
  const far = await lab.namespace('switch')
  const server = await makeHost(
    lab,
    'server',
    { namespace: far, device: 'port1', mtu: 1500 },
    { number: 1, mtu: 1450, vlan: 10 },
  )
  const trunk = await openCapture(far, 'port1')
  const local = await openInjector(far, 'port1')
  lab.own(trunk.close)
  lab.own(local.close)
  await ping(server, '10.0.0.2')
  const request = await trunk.until('an ARP request', (frame) => frame.arp?.targetIp === '10.0.0.2')
  t.same(request.tags, [{ tpid: 0x8100, vid: 10 }])

  const inside = await openCapture(server.namespace, 'eth0')
  lab.own(inside.close)
  await local.send(
    marked('qinq', {
      destination: broadcast,
      source: '02:00:00:00:00:99',
      tags: [
        { tpid: 0x8100, vid: 11 },
        { tpid: 0x8100, vid: 12 },
      ],
    }),
  )
  const tagged = await inside.until('the injected frame', (frame) => carries(frame.bytes, 'qinq'))
  t.same(
    tagged.tags.map((tag) => tag.vid),
    [11, 12],
  )
})

t.test('a lab removes what a killed one left, and nothing of a living one', async (t) => {
  const living = await openLab()
  t.teardown(living.close)
  const kept = await living.namespace('kept')

  const script = `
    import { openLab } from ${JSON.stringify(checkoutPath('dist-test/test/lab/lab.js'))}
    const lab = await openLab()
    const left = await lab.namespace('left')
    left.start(['sleep', '1000'])
    console.log(left.name, lab.directory('left'))
    setInterval(() => undefined, 1000)`
  const crashing = startBackground([process.execPath, '--input-type=module', '--eval', script])
  const [name, directory] = await new Promise<string[]>((resolve) =>
    crashing.onLine((line) => resolve(line.split(' '))),
  )
  await crashing.stop('SIGKILL')
  t.ok(existsSync(`/run/netns/${name}`), 'the killed lab left its namespace')
  t.ok(existsSync(`${directory}`), 'and its directory')

  const next = await openLab()
  t.teardown(next.close)
  t.notOk(existsSync(`/run/netns/${name}`), 'the next lab removed the namespace')
  t.notOk(existsSync(`${directory}`), 'and the directory')
  t.ok(existsSync(`/run/netns/${kept.name}`), 'the living lab kept its own')
})

t.test('a lab closes all it can and tells at the end what failed', async (t) => {
  const lab = await openLab()
  const { name } = await lab.namespace('left')
  lab.own(() => Promise.reject(new Error('the first')))
  const closed: string[] = []
  lab.own(() => Promise.resolve(closed.push('between')))
  lab.own(() => {
    throw new Error('the second')
  })
  await t.rejects(lab.close(), { message: /the second[^]*the first/ })
  t.same(closed, ['between'])
  t.notOk(existsSync(`/run/netns/${name}`), 'the namespace is gone')
  await lab.close()
})
