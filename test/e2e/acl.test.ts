import { type AclEntry, bindAcl, egress, ingress } from '../lab/acl-rows.js'
import { ping, reach, type Host } from '../lab/host.js'
import { startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import type { Scene } from '../lab/scene.js'
import { inEachMode, nth } from './stage.js'

const filter = (scene: Scene, port: string, vlan: number, ...entries: readonly AclEntry[]) =>
  bindAcl(scene.controller, port, vlan, ...entries)

const isCutOff = (from: Host, address: string) =>
  until(`${from.namespace.name} not to reach ${address}`, async () => !(await ping(from, address)))

const connects = (from: Host, to: Host, address: string, port: number) =>
  exchangeTcp(from.namespace, to.namespace, address, { amount: 100_000, port, limitMs: 2_000 }).then(
    () => true,
    () => false,
  )

const pingsLarge = async (from: Host, address: string) =>
  (await from.namespace.attempt(['ping', '-n', '-c', '1', '-W', '1', '-s', '4000', '-M', 'dont', address])).status === 0

inEachMode('ACLs on an untagged port', {}, async (t, scene) => {
  const server = nth(scene.servers, 0)
  const network = await scene.network('blue', 5001)
  await network.bind('port1')
  const vm = await network.vm()
  await reach(server, vm.address)
  await reach(server, vm.address6)

  await t.test('deny what an entry matches, count it, and permit the rest', async (t) => {
    const before = await scene.gateway.dropped('acl_denied')
    await filter(scene, 'port1', 0, ingress('deny', 1, 'protocol=1'))
    await isCutOff(server, vm.address)
    t.ok((await scene.gateway.dropped('acl_denied')) > before)
    await reach(server, vm.address6)
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
  })

  await t.test('judge by the lowest sequence first', async () => {
    const icmp = ['protocol=1', 'icmp_type=8']
    await filter(scene, 'port1', 0, ingress('deny', 5, ...icmp), ingress('permit', 1, ...icmp))
    await reach(server, vm.address)
    await filter(scene, 'port1', 0, ingress('deny', 1, ...icmp), ingress('permit', 5, ...icmp))
    await isCutOff(server, vm.address)
  })

  await t.test('let connections out and not in', async (t) => {
    await filter(
      scene,
      'port1',
      0,
      egress('deny', 1, 'protocol=6', 'tcp_flags=2', 'tcp_flags_mask=18'),
      egress('deny', 2, 'protocol=1', 'icmp_type=8', `source_ip=${vm.address}`),
    )
    await isCutOff(vm, server.address)
    t.ok(await connects(server, vm, vm.address, 5002))
    t.notOk(await connects(vm, server, server.address, 5003))
    await reach(server, vm.address)
  })

  await t.test('match ranges of ports, and IPv6', async (t) => {
    const ports = ['protocol=6', 'dest_port_min=6000', 'dest_port_max=6001']
    await filter(scene, 'port1', 0, ingress('deny', 1, ...ports), ingress('deny', 2, 'protocol=58', 'icmp_type=128'))
    await isCutOff(server, vm.address6)
    await reach(vm, server.address6)
    for (const [port, isOpen] of [
      [5999, true],
      [6000, false],
      [6001, false],
      [6002, true],
    ] as const) {
      t.equal(await connects(server, vm, vm.address, port), isOpen, `port ${port}`)
    }
    await filter(scene, 'port1', 0, ingress('deny', 1, `dest_ip="${vm.address6}"`, 'protocol=6', 'dest_port_min=6000'))
    await reach(server, vm.address6)
    t.notOk(await connects(server, vm, vm.address6, 6000))
    t.ok(await connects(server, vm, vm.address6, 5999))
    t.ok(await connects(server, vm, vm.address, 6000))
  })

  await t.test('let fragments pass where their first one does', async (t) => {
    await filter(
      scene,
      'port1',
      0,
      ingress('deny', 1, 'protocol=17'),
      ingress('deny', 2, 'protocol=6', 'dest_port_min=1'),
    )
    await until('a large ping to pass', () => pingsLarge(server, vm.address))
    await filter(
      scene,
      'port1',
      0,
      ingress('permit', 1, 'protocol=1', 'icmp_type=8'),
      ingress('permit', 2, 'ethertype=0x0806'),
      ingress('deny', 3),
    )
    await until('IPv6 to be denied', async () => !(await ping(server, vm.address6)))
    t.ok(await pingsLarge(server, vm.address))
    t.notOk(await connects(server, vm, vm.address, 5004))
    await filter(scene, 'port1', 0, ingress('deny', 1, 'protocol=1', 'icmp_type=8'))
    await until('IPv6 to be permitted', () => ping(server, vm.address6))
    t.notOk(await pingsLarge(server, vm.address))
  })

  await t.test('are replaced under traffic without a gap and without a leak', async (t) => {
    const versions = [
      [ingress('permit', 1, 'protocol=1'), ingress('deny', 2, 'protocol=58')],
      [ingress('deny', 1, 'protocol=58'), ingress('deny', 2, 'protocol=17'), ingress('permit', 3)],
    ]
    await filter(scene, 'port1', 0, ...nth(versions, 0))
    await isCutOff(server, vm.address6)
    await reach(server, vm.address)
    const permitted = startPings(server, vm.address)
    const denied = startPings(server, vm.address6)
    await permitted.answered(20)
    for (let round = 1; round <= 20; round++) await filter(scene, 'port1', 0, ...nth(versions, round % 2))
    await permitted.answered(20)
    t.same(await permitted.stop(), [], 'no echo request was lost')
    t.same(await denied.stop(), [], 'none was answered, so none is missing')
    t.notOk(await ping(server, vm.address6))
  })

  await t.test('are shown, and go with their binding', async (t) => {
    await filter(scene, 'port1', 0, ingress('deny', 1, 'protocol=1'))
    await isCutOff(server, vm.address)
    const { acls } = await scene.gateway.show()
    t.same(acls, [{ port: 'port1', vlan: 0, acl: 'port1-0', ingress: 1, egress: 0, faults: [] }])
    await scene.controller.ctl('clear', 'Physical_Port', 'port1', 'acl_bindings')
    await reach(server, vm.address)
  })

  await t.test('of a thousand entries are judged to the last', async () => {
    const entries = Array.from({ length: 999 }, (_, index) =>
      ingress('deny', index, 'protocol=17', `dest_port_min=${index}`, `dest_port_max=${index}`),
    )
    await filter(scene, 'port1', 0, ...entries, ingress('deny', 1000, 'protocol=1'))
    await isCutOff(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address, { amount: 1_000_000 })
  })
})

inEachMode(
  'ACLs of VLANs and of a whole port',
  { servers: [{ port: 'port1' }, { port: 'port1', vlan: 7 }, { port: 'port2' }] },
  async (t, scene) => {
    const [untagged, tagged, beside] = [nth(scene.servers, 0), nth(scene.servers, 1), nth(scene.servers, 2)]
    const network = await scene.network('blue', 5001)
    const other = await scene.network('red', 5002)
    await network.bind('port1')
    await network.bind('port2')
    await other.bind('port1', 7)
    const vm = await network.vm()
    const otherVm = await other.vm()
    for (const server of [untagged, beside]) await reach(server, vm.address)
    await reach(tagged, otherVm.address)

    await t.test('the list of a VLAN is for that VLAN alone', async () => {
      await filter(scene, 'port1', 7, ingress('deny', 1, 'protocol=1'))
      await isCutOff(tagged, otherVm.address)
      await reach(untagged, vm.address)
      await reach(tagged, otherVm.address6)
    })

    await t.test('the list of the whole port is for every tag, and both must permit', async () => {
      await filter(scene, 'port1', 0, ingress('deny', 1, 'protocol=58', 'icmp_type=128'))
      await isCutOff(untagged, vm.address6)
      await isCutOff(tagged, otherVm.address6)
      await isCutOff(tagged, otherVm.address)
      await reach(untagged, vm.address)
    })

    await t.test('frames from port to port are judged on both ends', async () => {
      await scene.controller.ctl('clear', 'Physical_Port', 'port1', 'acl_bindings')
      await reach(untagged, beside.address)
      await filter(scene, 'port2', 0, egress('deny', 1, 'protocol=1', 'icmp_type=8', `source_ip=${untagged.address}`))
      await isCutOff(untagged, beside.address)
      await reach(beside, untagged.address)
    })

    await t.test('a denied server is not learned', async (t) => {
      await filter(scene, 'port2', 0, ingress('deny', 1))
      await isCutOff(beside, vm.address)
      await scene.controller.unbind('port2', 0)
      await until('the MAC to be withdrawn', async () =>
        (await scene.controller.ctl('list-local-macs', 'blue')).includes(beside.mac) ? false : true,
      )
      await network.bind('port2')
      await isCutOff(beside, vm.address)
      t.notMatch(await scene.controller.ctl('list-local-macs', 'blue'), beside.mac)
    })
  },
)

inEachMode('an ACL that cannot be served', {}, async (t, scene) => {
  const { controller } = scene
  const server = nth(scene.servers, 0)
  const network = await scene.network('blue', 5001)
  await network.bind('port1')
  const vm = await network.vm()
  await reach(server, vm.address)
  const column = (table: string, name: string) => controller.ctl('--bare', `--columns=${name}`, 'list', table)

  await filter(
    scene,
    'port1',
    0,
    ingress('permit', 1, 'protocol=1', 'dest_port_min=1'),
    ingress('deny', 2, 'protocol=1', 'source_ip=nowhere'),
  )
  await until('the fault of the port', async () =>
    (await column('Physical_Port', 'port_fault_status')).includes('invalid_ACL_binding'),
  )
  t.equal(await column('ACL', 'acl_fault_status'), 'invalid_acl')
  t.match(await column('ACL_entry', 'acle_fault_status'), /invalid_acl_entry\s+invalid_acl_entry/)
  await isCutOff(server, vm.address)
  t.ok(await connects(server, vm, vm.address, 5005), 'what its entries cannot have meant passes')

  await filter(scene, 'port1', 0, ingress('deny', 1, 'protocol=17'))
  await reach(server, vm.address)
  await until('the faults to be cleared', async () =>
    [
      await column('Physical_Port', 'port_fault_status'),
      await column('ACL', 'acl_fault_status'),
      await column('ACL_entry', 'acle_fault_status'),
    ].every((text) => text.trim() === ''),
  )
})
