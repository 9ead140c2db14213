import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

scenario('D7', 'a second daemon for the same switch', {}, async (t, stage) => {
  const { vms } = await join(stage)
  const [server, vm] = [stage.servers[0]!, vms[0]!]
  const second = await stage.gateway.attemptStart()

  await t.test('is refused', async (t) => {
    t.not(second.status, 0)
    t.not(second.stderr, '', 'and says why')
  })

  await t.test('disturbs nothing', async (t) => {
    t.ok(stage.daemon.running())
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    await stage.controller.unbind('port1', 0)
    await stage.isCutOff(server, vm.address)
  })
})
