import { databaseUuids } from '../e2e/database-uuids.js'
import { startPings } from '../lab/pings.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { exchangeTcp } from '../lab/tcp.js'

const servers = [{ port: 'port1' }, { port: 'port2', vlan: 30 }]

scenario('A20', 'a control plane that ends and starts again', { servers }, async (t, stage) => {
  const { vms } = await join(stage)
  const [first, second, vm] = [stage.servers[0]!, stage.servers[1]!, vms[0]!]
  const { gateway } = stage
  await stage.eventually('both servers in the database', async () => {
    const macs = await stage.controller.ctl('list-local-macs', 'blue')
    return macs.includes(first.mac) && macs.includes(second.mac)
  })
  const uuids = await databaseUuids(gateway.database)
  let { daemon } = stage

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const streams = [startPings(first, vm.address), startPings(vm, second.address), startPings(second, first.address)]
    for (const stream of streams) {
      stage.lab.own(stream.stop)
      await stream.answered(20)
    }
    await daemon.stop(signal)
    for (const stream of streams) await stream.answered(100)
    daemon = await gateway.start()
    for (const stream of streams) await stream.answered(100)

    await t.test(`${signal}: no frame is lost`, async (t) => {
      for (const stream of streams) t.same(await stream.stop(), [], `lost of ${stream.name}`)
    })

    await t.test(`${signal}: no row is taken away or made again`, async (t) => {
      t.same(await databaseUuids(gateway.database), uuids)
    })
  }

  await t.test('obeys the controller as before', async () => {
    await stage.controller.unbind('port2', 30)
    await stage.isCutOff(second, vm.address)
    await stage.controller.bind('port2', 30, 'blue')
    await stage.reaches(second, vm.address)
    await exchangeTcp(second.namespace, vm.namespace, vm.address)
  })
})
