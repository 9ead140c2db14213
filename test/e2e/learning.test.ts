import { broadcast, marked } from '../lab/craft.js'
import { reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode('local MACs in the database', places, async (t, scene) => {
  const { controller } = scene
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const injector = await openInjector(server.namespace, 'eth0')
  scene.lab.own(injector.close)
  const localMacs = () => controller.ctl('list-local-macs', 'blue')

  await t.test('the server is there, behind the tunnel address, and nothing that came from a tunnel', async (t) => {
    const listed = await until('the server in Ucast_Macs_Local', async () =>
      ((text) => text.includes(server.mac) && text)(await localMacs()),
    )
    t.match(listed, new RegExp(`${server.mac} -> vxlan_over_ipv4/${scene.gateway.tunnelIp}`))
    t.match(listed, new RegExp(`unknown-dst -> vxlan_over_ipv4/${scene.gateway.tunnelIp}`))
    t.notMatch(listed, vm.mac)
  })

  await t.test('a remote MAC that shows up on an access port is neither learned nor displaced', async (t) => {
    const before = await scene.gateway.counted('remote_mac_on_access')
    await injector.send(marked('spoof', { destination: broadcast, source: vm.mac }))
    await until('the frame to be counted', async () => (await scene.gateway.counted('remote_mac_on_access')) > before)
    t.notMatch(await localMacs(), vm.mac)
    t.match(await controller.ctl('list-remote-macs', 'blue'), vm.mac)
    await exchangeTcp(nth(scene.servers, 1).namespace, vm.namespace, vm.address)
  })

  await t.test('a pulled cable withdraws the MACs behind it and keeps the port row', async (t) => {
    const ports = () => controller.ctl('--columns=_uuid,name', 'list', 'Physical_Port')
    const before = await ports()
    await server.namespace.ip('link set eth0 down')
    await until('the MAC to be withdrawn', async () => !(await localMacs()).includes(server.mac))
    t.equal(await ports(), before)
    await server.namespace.ip('link set eth0 up', `addr replace ${server.address6}/64 dev eth0 nodad`)
    await reach(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address)
    t.equal(await ports(), before)
  })
})
