import { copiesAt } from './copies.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const mac = '02:00:00:00:0d:0d'

scenario('U1', 'a remote MAC that the controller overwrites and deletes', { hypervisors: 2 }, async (t, stage) => {
  const { controller, eventually } = stage
  await join(stage)
  const copies = await copiesAt(stage, await openSpot(stage.lab, stage.servers[0]!))
  const place = (hypervisor: number) => controller.remoteMac('blue', mac, stage.hypervisors[hypervisor]!.address)
  const arrives = (...wanted: readonly number[]) =>
    eventually(`${wanted.join(', ')} copies`, async () => (await copies(mac)).join() === wanted.join())

  await t.test('goes to the VTEP of its row, to another one when that is overwritten, and back', async () => {
    for (const hypervisor of [0, 1, 0]) {
      await place(hypervisor)
      await arrives(...(hypervisor === 0 ? [1, 0] : [0, 1]))
    }
  })

  await t.test('is flooded when the row is deleted', async () => {
    await controller.ctl('del-ucast-remote', 'blue', mac)
    await arrives(1, 1)
  })

  await t.test('leaves the local rows alone when all remote rows are cleared', async (t) => {
    await controller.ctl('clear-remote-macs', 'blue')
    await stage.isCutOff(stage.servers[0]!, '10.0.0.101')
    t.match(await controller.ctl('list-local-macs', 'blue'), 'unknown-dst')
  })
})
