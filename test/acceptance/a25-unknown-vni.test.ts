import { marked, vxlanDatagram } from '../lab/craft.js'
import { openDatagramSender } from '../lab/injector.js'
import { assertDropped } from './assert-dropped.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const frames = 50

scenario('A25', 'a VNI of no logical switch', {}, async (t, stage) => {
  const vm = (await join(stage)).vms[0]!
  const atServer = await openSpot(stage.lab, stage.servers[0]!)
  const sender = await openDatagramSender(stage.hypervisors[0]!.namespace)
  stage.lab.own(sender.close)
  const send = (text: string, vni: number, destination: string) =>
    sender.send(stage.gateway.tunnelIp, vxlanDatagram(vni, marked(text, { destination, source: vm.mac })))
  const before = await stage.gateway.drops('unknown_vni')
  for (let copy = 1; copy <= frames / 2; copy++) {
    await send('stray', 7777, atServer.host.mac)
    await send('stray', 5001 + (1 << 16), 'ff:ff:ff:ff:ff:ff')
  }
  await send('fence', 5001, atServer.host.mac)

  await t.test('is not taken', async (t) => {
    await atServer.until('fence')
    t.equal(atServer.seen('stray'), 0)
  })

  await t.test('every such frame is counted', async (t) => {
    await assertDropped(t, stage, 'unknown_vni', before, frames)
  })
})
