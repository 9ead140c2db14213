import { makeHypervisor } from '../lab/hypervisor.js'
import { exchangeTcp } from '../lab/tcp.js'
import { transact } from '../lab/transact.js'
import { join } from './join.js'
import { scenario, type Stage } from './scenario.js'

const locatorVni = 7001

scenario('A14', 'a physical locator with a tunnel_key of its own', {}, async (t, stage) => {
  const { controller, gateway } = stage
  const { vms } = await join(stage)
  const server = stage.servers[0]!
  // A second hypervisor, known by a locator with a key: its VM is in VNI 7001 there, the logical switch has 5001.
  const keyed = await makeHypervisor(stage.lab, 'keyed', stage.underlay)
  await keyed.join(locatorVni, [gateway.tunnelIp])
  await keyed.remoteMac(locatorVni, server.mac, gateway.tunnelIp)
  const vm = await keyed.vm('keyed-vm', locatorVni, 201)
  await placeBehindKeyedLocator(stage, vm.mac, keyed.address)

  await t.test('is spoken to with that key, while the others have the key of the logical switch', async () => {
    // unknown-dst does not name its hypervisor, so the server's questions do not reach it; its own reach the server.
    await stage.reaches(vm, server.address)
    for (const far of [vm, vms[0]!]) {
      await stage.reaches(server, far.address)
      await exchangeTcp(server.namespace, far.namespace, far.address)
      await exchangeTcp(far.namespace, server.namespace, server.address6)
    }
  })

  await t.test('needs no key of the logical switch', async () => {
    await controller.ctl('clear-remote-macs', 'blue')
    await placeBehindKeyedLocator(stage, vm.mac, keyed.address)
    await controller.ctl('clear', 'Logical_Switch', 'blue', 'tunnel_key')
    await stage.isCutOff(server, vms[0]!.address)
    await stage.reaches(server, vm.address)
    await exchangeTcp(vm.namespace, server.namespace, server.address)
  })
})

/** vtep-ctl cannot say it: a MAC behind a locator that has a key. */
async function placeBehindKeyedLocator({ controller, gateway }: Stage, mac: string, address: string): Promise<void> {
  const blue = ['uuid', await controller.ctl('get', 'Logical_Switch', 'blue', '_uuid')]
  const locator = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: address, tunnel_key: locatorVni }
  const there = ['named-uuid', 'there']
  await transact(
    gateway.database,
    { op: 'insert', table: 'Physical_Locator', 'uuid-name': 'there', row: locator },
    { op: 'insert', table: 'Ucast_Macs_Remote', row: { MAC: mac, logical_switch: blue, locator: there } },
  )
}
