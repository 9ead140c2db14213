import { databaseUuids } from '../e2e/database-uuids.js'
import { startPings } from '../lab/pings.js'
import { tunnelEnd } from '../lab/tunnel-end.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

scenario('D2', 'a database server that is killed and starts again', {}, async (t, stage) => {
  const { controller, gateway, eventually } = stage
  const { vms } = await join(stage)
  const [server, vm] = [stage.servers[0]!, vms[0]!]
  const tunnel = await tunnelEnd(gateway, stage.hypervisors[0]!.address, gateway.patienceMs)
  const statistics = () => controller.ctl('--bare', '--columns=packets_from_local', 'list', 'Logical_Binding_Stats')
  await tunnel.set('bfd_params:enable=true')
  await tunnel.untilStatus({ enabled: 'true', state: 'down' })
  await eventually('statistics', async () => Number(await statistics()) > 0)
  await eventually('the server in the database', async () =>
    (await controller.ctl('list-local-macs', 'blue')).includes(server.mac),
  )
  const uuids = await databaseUuids(gateway.database)

  await t.test('costs no frame', async (t) => {
    const stream = startPings(server, vm.address)
    stage.lab.own(stream.stop)
    await stream.answered(20)
    await gateway.server.kill()
    try {
      await stream.answered(100)
    } finally {
      await gateway.server.start()
    }
    await stream.answered(100)
    t.same(await stream.stop(), [])
  })

  await t.test('has the statistics again, which it keeps in memory alone', async () => {
    await eventually('statistics', async () => Number(await statistics()) > 0)
  })

  await t.test('has bfd_status again, likewise', async () => {
    await tunnel.untilStatus({ enabled: 'true', state: 'down' })
  })

  await t.test('has every row once, and the rows that it had', async (t) => {
    t.same(await databaseUuids(gateway.database), uuids)
  })

  await t.test('is obeyed again', async () => {
    await controller.unbind('port1', 0)
    await stage.isCutOff(server, vm.address)
    await controller.bind('port1', 0, 'blue')
    await stage.reaches(server, vm.address)
  })
})
