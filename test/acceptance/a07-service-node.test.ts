import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'
import { copiesAt } from './copies.js'

scenario('A7', 'replication by a service node', { hypervisors: 3 }, async (t, stage) => {
  await join(stage)
  const from = await openSpot(stage.lab, stage.servers[0]!)
  const copies = await copiesAt(stage, from)

  await t.test('service_node: a broadcast goes to one member alone', async () => {
    await stage.controller.ctl('set-replication-mode', 'blue', 'service_node')
    await stage.eventually('one copy', async () => (await copies()).filter((count) => count > 0).length === 1)
  })

  await t.test('so do unknown unicast and multicast, and to the same one', async (t) => {
    const broadcast = await copies()
    t.equal(
      broadcast.reduce((sum, count) => sum + count, 0),
      1,
    )
    for (const to of ['02:00:00:00:99:99', '01:00:5e:01:02:03', '33:33:00:00:00:99'])
      t.same(await copies(to), broadcast)
  })

  await t.test('a mode that is not set means the same', async (t) => {
    await stage.controller.ctl('set-replication-mode', 'blue', 'source_node')
    await stage.eventually('a copy for each', async () => (await copies()).every((count) => count === 1))
    await stage.controller.ctl('clear', 'Logical_Switch', 'blue', 'replication_mode')
    await stage.eventually('one copy', async () => (await copies()).filter((count) => count > 0).length === 1)
    t.pass('one copy')
  })
})
