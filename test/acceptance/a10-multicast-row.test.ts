import { copiesAt } from './copies.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const group = '01:00:5e:01:02:03'

scenario('A10', 'a multicast group with a row of its own', { hypervisors: 3 }, async (t, stage) => {
  await join(stage)
  const copies = await copiesAt(stage, await openSpot(stage.lab, stage.servers[0]!))
  for (const hypervisor of [0, 2])
    await stage.controller.ctl('add-mcast-remote', 'blue', group, stage.hypervisors[hypervisor]!.address)

  await t.test('goes to the members of that row alone', async (t) => {
    await stage.eventually('the row to be in force', async () => (await copies(group))[1] === 0)
    t.same(await copies(group), [1, 0, 1])
  })

  await t.test('while other groups and broadcasts go where unknown-dst says', async (t) => {
    for (const to of ['01:00:5e:01:02:04', 'ff:ff:ff:ff:ff:ff']) t.same(await copies(to), [1, 1, 1], to)
  })

  await t.test('goes where unknown-dst says again when the row is gone', async () => {
    for (const hypervisor of [0, 2])
      await stage.controller.ctl('del-mcast-remote', 'blue', group, stage.hypervisors[hypervisor]!.address)
    await stage.eventually('every member to be served', async () => (await copies(group)).every((count) => count === 1))
  })
})
