import { openSpot } from './spot.js'
import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

const vlan = 10
const tagged = { tpid: 0x8100, vid: vlan }
const inner = { tpid: 0x8100, vid: 77 }

scenario('A2', 'a server in a VLAN of its port and a VM', { servers: [{ port: 'port1', vlan }] }, async (t, stage) => {
  const { vms } = await join(stage)
  const [server, vm] = [stage.servers[0]!, vms[0]!]
  const atServer = await openSpot(stage.lab, server)
  const atVm = await openSpot(stage.lab, vm)

  await t.test('exchange TCP, whoever opens the connection', async () => {
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    await exchangeTcp(vm.namespace, server.namespace, server.address6)
  })

  await t.test('the tag stays outside the tunnel, and is on again towards the server', async (t) => {
    await atServer.send('up', { to: vm.mac }) // the server's own device tags it
    t.same((await atVm.until('up')).tags, [])
    await atVm.send('down', { to: server.mac })
    t.same((await atServer.until('down')).tags, [tagged])
  })

  await t.test('a second tag inside it passes intact both ways', async (t) => {
    await atServer.send('inner up', { to: vm.mac, tags: [inner] })
    t.same((await atVm.until('inner up')).tags, [inner])
    await atVm.send('inner down', { to: server.mac, tags: [inner] })
    t.same((await atServer.until('inner down')).tags, [tagged, inner])
  })
})
