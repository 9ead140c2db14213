import { marked, vxlanDatagram } from '../lab/craft.js'
import { openDatagramSender } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

scenario('A12', 'a tunnel_key that changes while in use', {}, async (t, stage) => {
  const { vms } = await join(stage)
  const [server, vm, hypervisor] = [stage.servers[0]!, vms[0]!, stage.hypervisors[0]!]
  const { tunnelIp } = stage.gateway
  await hypervisor.namespace.ip('link set vx5001 down', 'link del vx5001')
  await hypervisor.join(5003, [tunnelIp])
  await hypervisor.namespace.ip('link set vx5003 master net5001')
  await hypervisor.remoteMac(5003, server.mac, tunnelIp)
  await stage.controller.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5003')

  await t.test('is followed in both directions', async () => {
    await stage.reaches(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    await exchangeTcp(vm.namespace, server.namespace, server.address)
  })

  await t.test('frames under the old key are taken no longer', async (t) => {
    const atServer = await openSpot(stage.lab, server)
    const sender = await openDatagramSender(hypervisor.namespace)
    stage.lab.own(sender.close)
    for (const [vni, text] of [
      [5001, 'old'],
      [5003, 'new'],
    ] as const)
      await sender.send(tunnelIp, vxlanDatagram(vni, marked(text, { destination: server.mac, source: vm.mac })))
    await atServer.until('new')
    t.equal(atServer.seen('old'), 0)
  })
})
