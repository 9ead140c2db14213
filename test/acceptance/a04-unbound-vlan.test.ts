import { assertDropped } from './assert-dropped.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const tag = (vid: number) => [{ tpid: 0x8100, vid }]
const servers = [{ port: 'port1' }, { port: 'port2' }]

scenario('A4', 'a VLAN that is not bound', { servers }, async (t, stage) => {
  const blue = await stage.network('blue', 5001)
  const red = await stage.network('red', 5002)
  await blue.bind('port1')
  await red.bind('port2', 10)
  const atBlue = await openSpot(stage.lab, await blue.vm())
  const atRed = await openSpot(stage.lab, await red.vm())
  const untagged = await openSpot(stage.lab, stage.servers[0]!)
  const tagged = await openSpot(stage.lab, stage.servers[1]!)
  await stage.reaches(untagged.host, atBlue.host.address)
  await stage.eventually('VLAN 10 to reach its VM', async () => {
    await tagged.send('first', { tags: tag(10) })
    return atRed.seen('first') > 0
  })

  await t.test('tagged frames do not leak into the logical switch of the untagged ones', async (t) => {
    for (const vid of [10, 20, 999, 4094]) await untagged.send(`stray ${vid}`, { tags: tag(vid) })
    await untagged.send('fence')
    await atBlue.until('fence')
    for (const vid of [10, 20, 999, 4094]) t.equal(atBlue.seen(`stray ${vid}`), 0, `VLAN ${vid}`)
  })

  await t.test('untagged frames, and those of other VLANs, do not leak into that of a VLAN', async (t) => {
    await tagged.send('untagged')
    for (const vid of [1, 11, 4094]) await tagged.send(`other ${vid}`, { tags: tag(vid) })
    await tagged.send('fence', { tags: tag(10) })
    await atRed.until('fence')
    t.equal(atRed.seen('untagged'), 0)
    for (const vid of [1, 11, 4094]) t.equal(atRed.seen(`other ${vid}`), 0, `VLAN ${vid}`)
  })

  await t.test('is dropped under a counter', async (t) => {
    const before = await stage.gateway.drops('unbound_vlan')
    for (let copy = 1; copy <= 50; copy++) await tagged.send('nowhere', { tags: tag(3000) })
    await assertDropped(t, stage, 'unbound_vlan', before, 50)
  })
})
