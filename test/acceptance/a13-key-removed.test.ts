import { exchangeTcp } from '../lab/tcp.js'
import { marked, vxlanDatagram } from '../lab/craft.js'
import { openDatagramSender } from '../lab/injector.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot, watchTunnel } from './spot.js'

scenario(
  'A13',
  'a tunnel_key that is taken away',
  { servers: [{ port: 'port1' }, { port: 'port2' }] },
  async (t, stage) => {
    const { vms } = await join(stage)
    const [server, vm, hypervisor] = [stage.servers[0]!, vms[0]!, stage.hypervisors[0]!]
    const { tunnelIp } = stage.gateway
    const atServer = await openSpot(stage.lab, server)
    const onTunnel = await watchTunnel(stage, hypervisor)
    const sender = await openDatagramSender(hypervisor.namespace)
    stage.lab.own(sender.close)
    let round = 0

    for (const [name, words] of [
      ['emptied, as OVN does when it ends', ['clear', 'Logical_Switch', 'blue', 'tunnel_key']],
      ['0, as OVN writes for a logical switch not in use', ['set', 'Logical_Switch', 'blue', 'tunnel_key=0']],
    ] as const) {
      await t.test(`${name}: nothing enters a tunnel and nothing is taken from one`, async (t) => {
        await stage.controller.ctl(...words)
        await stage.isCutOff(server, vm.address)
        const [up, down] = [`up ${++round}`, `down ${round}`]
        await atServer.send(up, { to: vm.mac })
        await sender.send(tunnelIp, vxlanDatagram(5001, marked(down, { destination: server.mac, source: vm.mac })))
        await stage.controller.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5001')
        await stage.reaches(server, vm.address)
        t.same([onTunnel.seen(up), atServer.seen(down)], [0, 0])
      })

      await t.test(`${name}: all goes on when it is set again`, async () => {
        await stage.controller.ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5001')
        await stage.reaches(server, vm.address)
        await exchangeTcp(vm.namespace, server.namespace, server.address)
      })
    }
  },
)
