import raw from 'raw-socket'
import { marked, pseudoHeader, vxlanDatagram } from '../lab/craft.js'
import { openDatagramSender } from '../lab/injector.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

scenario('A24', 'VXLAN packets with a UDP checksum', {}, async (t, stage) => {
  const vm = (await join(stage)).vms[0]!
  const hypervisor = stage.hypervisors[0]!
  const atServer = await openSpot(stage.lab, stage.servers[0]!)
  const sender = await openDatagramSender(hypervisor.namespace)
  stage.lab.own(sender.close)

  /** The checksum that is right is changed by `error`. */
  const send = async (text: string, error: number) => {
    const inner = marked(text, { destination: atServer.host.mac, source: vm.mac, length: 200 })
    const datagram = vxlanDatagram(5001, inner)
    const { tunnelIp } = stage.gateway
    const right = raw.createChecksum(pseudoHeader(hypervisor.address, tunnelIp, datagram.length), datagram)
    datagram.writeUInt16BE(right ^ error, 6)
    await sender.send(tunnelIp, datagram)
  }

  await t.test('are taken when it is right', async () => {
    await send('right', 0)
    await atServer.until('right')
  })

  await t.test('are dropped when it is wrong', async (t) => {
    await send('wrong', 0x0101)
    await send('behind it', 0)
    await atServer.until('behind it')
    t.equal(atServer.seen('wrong'), 0)
  })
})
