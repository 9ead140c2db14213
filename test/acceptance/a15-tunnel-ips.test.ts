import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

const moved = '10.99.0.200'

scenario('A15', 'a tunnel address that changes', { tunnelIpFromDatabase: true }, async (t, stage) => {
  const { controller, gateway } = stage
  const { vms } = await join(stage)
  const [server, vm, hypervisor] = [stage.servers[0]!, vms[0]!, stage.hypervisors[0]!]
  await gateway.namespace.ip(`addr add ${moved}/24 dev ${await addressDevice()}`)
  await controller.ctl('set', 'Physical_Switch', gateway.name, `tunnel_ips=${moved}`)
  await hypervisor.namespace.bridge(`fdb del 00:00:00:00:00:00 dev vx5001 dst ${gateway.tunnelIp}`)
  await hypervisor.namespace.bridge(`fdb append 00:00:00:00:00:00 dev vx5001 dst ${moved}`)
  await hypervisor.remoteMac(5001, server.mac, moved)

  await t.test('is where the local MACs are from then on', async () => {
    await stage.eventually('the rows to follow', async () => {
      const listed = await controller.ctl('list-local-macs', 'blue')
      return listed.includes(moved) && !listed.includes(gateway.tunnelIp)
    })
  })

  await t.test('is where tunnels start and end from then on', async () => {
    await stage.reaches(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    await exchangeTcp(vm.namespace, server.namespace, server.address6)
  })

  async function addressDevice(): Promise<string> {
    const shown = await gateway.namespace.run(['ip', '-o', '-4', 'addr', 'show', 'to', `${gateway.tunnelIp}/32`])
    return shown.split(/\s+/)[1]!
  }
})
