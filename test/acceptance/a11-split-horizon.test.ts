import { marked, vxlanDatagram } from '../lab/craft.js'
import { makeHypervisor } from '../lab/hypervisor.js'
import { openDatagramSender } from '../lab/injector.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot, watchTunnel } from './spot.js'

scenario('A11', 'what came from a tunnel', { hypervisors: 2 }, async (t, stage) => {
  const { tunnelIp } = stage.gateway
  const { vms } = await join(stage)
  // A VTEP that has a VM and never was in unknown-dst.
  const outsider = await makeHypervisor(stage.lab, 'outsider', stage.underlay)
  await outsider.join(5001, [tunnelIp])
  const outside = await outsider.vm('outside', 5001, 201)
  await stage.controller.remoteMac('blue', outside.mac, outsider.address)
  const atServer = await openSpot(stage.lab, stage.servers[0]!)
  const atOutside = await openSpot(stage.lab, outside)
  await stage.eventually('the outsider to be known', async () => {
    await atServer.send('to the outsider', { to: outside.mac })
    return atOutside.seen('to the outsider') > 0
  })

  const places = await Promise.all(
    [...stage.hypervisors, outsider].map(async (hypervisor, index) => {
      const sender = await openDatagramSender(hypervisor.namespace)
      stage.lab.own(sender.close)
      const vm = [...vms, outside][index]!
      const fromBox = await watchTunnel(stage, hypervisor)
      return { vm, sender, fromBox }
    }),
  )
  const [first, second, third] = [places[0]!, places[1]!, places[2]!]
  const send = ({ sender, vm }: typeof first, text: string, destination = 'ff:ff:ff:ff:ff:ff') =>
    sender.send(tunnelIp, vxlanDatagram(5001, marked(text, { destination, source: vm.mac })))
  /** What the box sent to each place of a frame; a frame of the server to each goes the same way behind it. */
  const relayed = async (text: string) => {
    for (const { vm, fromBox } of places) {
      await atServer.send(`behind ${text}`, { to: vm.mac })
      await fromBox.until(`behind ${text}`)
    }
    return places.map(({ fromBox }) => fromBox.seen(text))
  }

  await t.test('is not sent to another tunnel: a broadcast of a member of unknown-dst', async (t) => {
    await send(first, 'of a member')
    await atServer.until('of a member')
    t.same(await relayed('of a member'), [0, 0, 0])
  })

  await t.test('nor a broadcast of a VTEP that is not in unknown-dst', async (t) => {
    await send(third, 'of the outsider')
    await atServer.until('of the outsider')
    t.same(await relayed('of the outsider'), [0, 0, 0])
  })

  await t.test('nor a unicast to a MAC that the controller places behind another VTEP', async (t) => {
    await send(first, 'unicast', second.vm.mac)
    await send(first, 'next')
    await atServer.until('next')
    t.same(await relayed('unicast'), [0, 0, 0])
  })
})
