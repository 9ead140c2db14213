import { ping } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { scenario } from './scenario.js'

const servers = [{ port: 'port1', vlan: 10 }, { port: 'port1' }]

scenario('A3', 'a trunk: VLAN 10 in one logical switch, untagged frames in another', { servers }, async (t, stage) => {
  const [tagged, untagged] = [stage.servers[0]!, stage.servers[1]!]
  const blue = await stage.network('blue', 5001)
  const red = await stage.network('red', 5002)
  await blue.bind('port1', 10)
  await red.bind('port1')
  const [inBlue, inRed] = [await blue.vm(), await red.vm()]
  const pairs = [[tagged, inBlue] as const, [untagged, inRed] as const]

  await t.test('each server exchanges TCP with the VM of its own logical switch', async () => {
    for (const [server, vm] of pairs) {
      await stage.reaches(server, vm.address)
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
      await exchangeTcp(vm.namespace, server.namespace, server.address6)
    }
  })

  await t.test('and reaches nothing of the other', async (t) => {
    for (const [server, vm] of [[tagged, inRed] as const, [untagged, inBlue] as const]) {
      t.notOk(await ping(server, vm.address))
      t.notOk(await ping(vm, server.address))
    }
  })
})
