import { scenario } from './scenario.js'
import { assertDropped } from './assert-dropped.js'
import { join } from './join.js'
import { openSpot } from './spot.js'

const frames = 50

scenario(
  'A21',
  'a server with a larger MTU than the tunnel',
  { servers: [{ port: 'port1', mtu: 1500 }] },
  async (t, stage) => {
    const { vms } = await join(stage)
    const [from, at] = [await openSpot(stage.lab, stage.servers[0]!), await openSpot(stage.lab, vms[0]!)]
    const longest = stage.underlay.mtu - 50 + 14
    const before = await stage.gateway.drops('oversize')
    await from.send('fits', { to: at.host.mac, length: longest })
    for (let copy = 1; copy <= frames; copy++) await from.send('too long', { to: at.host.mac, length: longest + 1 })
    await from.send('fence', { to: at.host.mac })

    await t.test('a frame that just fits arrives, one byte more does not', async (t) => {
      await at.until('fits')
      await at.until('fence')
      t.equal(at.seen('too long'), 0)
    })

    await t.test('every frame that is too long is counted', async (t) => {
      await assertDropped(t, stage, 'oversize', before, frames)
    })
  },
)
