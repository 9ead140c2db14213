import { startPings } from '../lab/pings.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

scenario('D9', 'a database server that probes its clients', { probeMs: 1000 }, async (t, stage) => {
  const { controller, gateway, eventually } = stage
  const { probed } = gateway
  const { vms } = await join(stage)
  const [server, vm] = [stage.servers[0]!, vms[0]!]
  await controller.unbind('port1', 0)
  await stage.isCutOff(server, vm.address)

  const noConnection = probed === undefined && 'keeps no connection: each look at the database is a process'
  await t.test(
    'gets its echo requests answered on an idle connection, which so stays',
    { skip: noConnection },
    async (t) => {
      // The server drops a peer that was silent for two intervals.
      const [connections, probes] = [probed?.connections(), probed?.probes() ?? 0]
      await eventually('five more probes', () => Promise.resolve((probed?.probes() ?? 0) >= probes + 5))
      t.equal(probed?.connections(), connections)
    },
  )

  await t.test('costs no frame when it says nothing for a while, and is obeyed when it speaks again', async (t) => {
    await controller.bind('port1', 0, 'blue')
    await stage.reaches(server, vm.address)
    const stream = startPings(server, vm.address)
    stage.lab.own(stream.stop)
    await stream.answered(20)
    gateway.server.signal('SIGSTOP')
    await stream.answered(400)
    gateway.server.signal('SIGCONT')
    await stream.answered(20)
    t.same(await stream.stop(), [])
    await controller.unbind('port1', 0)
    await stage.isCutOff(server, vm.address)
  })
})
