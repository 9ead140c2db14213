import raw from 'raw-socket'
import { openCapture } from '../lab/capture.js'
import { carries, marked, pseudoHeader, vxlanDatagram } from '../lab/craft.js'
import { openDatagramSender } from '../lab/injector.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode('tunnel packets with a UDP checksum', {}, async (t, scene) => {
  const server = nth(scene.servers, 0)
  const hypervisor = nth(scene.hypervisors, 0)
  const vm = nth((await joinBlue(scene)).vms, 0)
  const sender = await openDatagramSender(hypervisor.namespace)
  const atServer = await openCapture(server.namespace, 'eth0')
  for (const tool of [sender, atServer]) scene.lab.own(tool.close)

  /** The checksum that is right is changed by `error`. */
  const send = async (text: string, error: number) => {
    const datagram = vxlanDatagram(5001, marked(text, { destination: server.mac, source: vm.mac, length: 200 }))
    const { tunnelIp } = scene.gateway
    const right = raw.createChecksum(pseudoHeader(hypervisor.address, tunnelIp, datagram.length), datagram)
    datagram.writeUInt16BE(right ^ error, 6)
    await sender.send(tunnelIp, datagram)
  }

  await t.test('are accepted when it is right, and dropped when it is not', async (t) => {
    await send('wrong', 0x0101)
    await send('right', 0)
    await atServer.until('the frame under a right checksum', (frame) => carries(frame.bytes, 'right'))
    t.same(
      atServer.matching((frame) => carries(frame.bytes, 'wrong')),
      [],
    )
  })
})
