import { bindAcl, egress, ingress } from '../lab/acl-rows.js'
import { ping } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { scenario } from './scenario.js'

const servers = [{ port: 'port1' }, { port: 'port2', vlan: 7 }, { port: 'port2', vlan: 8 }]
const echo = ['protocol=1', 'icmp_type=8']

scenario('A22', 'an ACL', { servers }, async (t, stage) => {
  const { controller } = stage
  const [untagged, seven, eight] = [stage.servers[0]!, stage.servers[1]!, stage.servers[2]!]
  const blue = await stage.network('blue', 5001)
  const red = await stage.network('red', 5002)
  await blue.bind('port1')
  await blue.bind('port2', 7)
  await red.bind('port2', 8)
  const [vm, redVm] = [await blue.vm(), await red.vm()]
  for (const address of [vm.address, vm.address6]) await stage.reaches(untagged, address)
  await stage.reaches(seven, vm.address)
  await stage.reaches(eight, redVm.address)

  await t.test('denies what an entry matches, and permits what none matches', async () => {
    await bindAcl(controller, 'port1', 0, ingress('deny', 1, ...echo))
    await stage.isCutOff(untagged, vm.address)
    await stage.reaches(untagged, vm.address6)
    await exchangeTcp(untagged.namespace, vm.namespace, vm.address)
  })

  await t.test('is judged by the lowest sequence first', async (t) => {
    await bindAcl(controller, 'port1', 0, ingress('permit', 1, ...echo), ingress('deny', 5))
    await stage.isCutOff(untagged, vm.address6)
    // ARP is denied too; what the neighbours know of each other lasts for these pings.
    t.ok(await ping(untagged, vm.address))
    await bindAcl(controller, 'port1', 0, ingress('permit', 5, ...echo), ingress('deny', 1))
    await stage.isCutOff(untagged, vm.address)
  })

  await t.test('judges what leaves towards the server apart from what comes from it', async () => {
    await bindAcl(controller, 'port1', 0, egress('deny', 1, ...echo))
    await stage.reaches(untagged, vm.address)
    await stage.isCutOff(vm, untagged.address)
  })

  await t.test('of a VLAN is for that VLAN alone', async () => {
    await bindAcl(controller, 'port2', 7, ingress('deny', 1, ...echo))
    await stage.isCutOff(seven, vm.address)
    await stage.reaches(eight, redVm.address)
  })

  await t.test('is gone with its binding', async () => {
    await stage.isCutOff(seven, vm.address)
    await controller.ctl('clear', 'Physical_Port', 'port2', 'acl_bindings')
    await stage.reaches(seven, vm.address)
  })
})
