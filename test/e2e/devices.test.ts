import { makeHost, type Host, reach } from '../lab/host.js'
import { startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { databaseUuids } from './database-uuids.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode('devices and neighbours that change under the gateway', places, async (t, scene, mode) => {
  const { gateway, controller, lab } = scene
  const first = nth(scene.servers, 0)
  const second = nth(scene.servers, 1)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)

  await t.test('an access port whose device vanishes and returns forwards again; its row stays', async (t) => {
    await until('the MAC', async () => (await controller.ctl('list-local-macs', 'blue')).includes(first.mac))
    const rows = () => controller.ctl('--columns=_uuid,name,vlan_bindings', 'list', 'Physical_Port')
    const before = await rows()
    await gateway.namespace.ip('link del port1')
    await until(
      'the MAC to be withdrawn',
      async () => !(await controller.ctl('list-local-macs', 'blue')).includes(first.mac),
    )
    await exchangeTcp(second.namespace, vm.namespace, vm.address)
    t.equal(nth((await gateway.show()).ports, 0).state, 'absent')

    const end = { namespace: gateway.namespace, device: 'port1', mtu: 1500 }
    const returned: Host = await makeHost(lab, 'server3', end, { number: 3, mtu: 1450, physical: mode === 'xdp' })
    await reach(returned, vm.address)
    await exchangeTcp(returned.namespace, vm.namespace, vm.address)
    t.equal(nth((await gateway.show()).ports, 0).state, 'up')
    t.equal(await rows(), before)
  })

  await t.test('programs that somebody takes off a port are put back, which is logged and counted', async (t) => {
    const before = (await gateway.show()).status.repairs
    await gateway.namespace.run(['tc', 'filter', 'del', 'dev', 'port2', 'ingress'])
    await until('the repair', async () => (await gateway.show()).status.repairs > before)
    t.match(scene.vtepd.output(), /"reason":"the program of port2 had been removed".*"event":"datapath_repaired"/)
    t.match(await gateway.vtep('show', 'status'), /repaired: +(once|\d+ times): /)
    await reach(second, vm.address)
    await exchangeTcp(second.namespace, vm.namespace, vm.address)
  })

  await t.test('a next hop that gets another MAC is followed', async () => {
    const hypervisor = nth(scene.hypervisors, 0)
    const pings = startPings(second, vm.address)
    lab.own(pings.stop)
    await pings.answered(10)
    await hypervisor.namespace.ip('link set under address 02:aa:aa:aa:aa:01', 'neigh flush dev under')
    await hypervisor.namespace.attempt(['ping', '-n', '-c', '1', '-W', '1', gateway.tunnelIp])
    await pings.answered(50)
    await pings.stop()
    await exchangeTcp(vm.namespace, second.namespace, second.address)
  })

  await t.test('a TCP transfer goes on over SIGKILL and a new daemon; no row is recreated', async (t) => {
    const uuids = await databaseUuids(gateway.database)
    const transfer = exchangeTcp(second.namespace, vm.namespace, vm.address, {
      amount: 64 * 1024 * 1024,
      limitMs: 60_000,
    })
    await scene.vtepd.stop('SIGKILL')
    await gateway.start()
    await transfer
    t.same(await databaseUuids(gateway.database), uuids)
  })
})
