import { copiesAt } from './copies.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

scenario('A9', 'replication at the source', { hypervisors: 3 }, async (t, stage) => {
  await join(stage)
  const copies = await copiesAt(stage, await openSpot(stage.lab, stage.servers[0]!))
  const flooded = ['ff:ff:ff:ff:ff:ff', '02:00:00:00:99:99', '01:00:5e:01:02:03', '33:33:00:00:00:99']

  await t.test('source_node: each member gets one copy of broadcast, unknown unicast and multicast', async (t) => {
    for (const to of flooded) t.same(await copies(to), [1, 1, 1], to)
  })

  await t.test('a member that is taken out of the set gets none, the others go on', async (t) => {
    await stage.controller.ctl('del-mcast-remote', 'blue', 'unknown-dst', stage.hypervisors[1]!.address)
    await stage.eventually('two copies', async () => (await copies())[1] === 0)
    for (const to of flooded) t.same(await copies(to), [1, 0, 1], to)
  })

  await t.test('and gets them again when it is back', async (t) => {
    await stage.controller.flood('blue', stage.hypervisors[1]!.address)
    await stage.eventually('three copies', async () => (await copies())[1] === 1)
    for (const to of flooded) t.same(await copies(to), [1, 1, 1], to)
  })
})
