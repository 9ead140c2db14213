import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { assertPrompt, inEachMode, nth } from './stage.js'
import { watchColumn } from './watch-column.js'

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

  await t.test('a new MAC is visible within 100 ms', async (t) => {
    const appearances = watchColumn(scene.gateway.database, 'Ucast_Macs_Local', 'MAC')
    scene.lab.own(appearances.close)
    await appearances.until(server.mac)
    const delays: number[] = []
    for (let number = 1; number <= 8; number++) {
      const mac = `02:00:00:00:70:0${number}`
      const sentAt = performance.now()
      await injector.send(marked('new', { destination: broadcast, source: mac }))
      delays.push((await appearances.until(mac)) - sentAt)
    }
    assertPrompt(t, delays, 'after the frame was sent')
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

  await t.test('unbinding withdraws all of a logical switch, so that the controller can delete it', async (t) => {
    await blueIsServed()
    await controller.unbind('port1', 0)
    await until('the MACs of port1 to be withdrawn', async () => !(await localMacs()).includes(server.mac))
    await controller.unbind('port2', 0)
    await controller.ctl('clear-remote-macs', 'blue')
    const unboundAt = performance.now()
    await until(
      'del-ls to succeed',
      async () => (await controller.ctl('del-ls', 'blue').catch(() => undefined)) !== undefined,
      3000,
    )
    t.ok(performance.now() - unboundAt < 1500, `after ${(performance.now() - unboundAt).toFixed(0)} ms`)
    t.equal(await controller.ctl('list-ls'), '')
  })

  async function blueIsServed(): Promise<void> {
    await until('local MACs', async () => (await localMacs()).includes(server.mac))
  }
})

inEachMode('a MAC that is silent for longer than mac-ageing', { config: 'mac-ageing: 2\n' }, async (t, scene) => {
  const { controller, lab } = scene
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const injector = await openInjector(server.namespace, 'eth0')
  const underlay = await openCapture(nth(scene.hypervisors, 0).namespace, 'under', { filter: 'udp port 4789' })
  lab.own(injector.close)
  lab.own(underlay.close)
  const silent = '02:00:00:00:05:05'
  const known = async () => (await controller.ctl('list-local-macs', 'blue')).includes(silent)

  await injector.send(marked('hello', { destination: broadcast, source: silent }))
  await until('the MAC to be learned', known)
  const talking = setInterval(
    () => void injector.send(marked('on', { destination: broadcast, source: server.mac })),
    300,
  )
  t.teardown(() => clearInterval(talking))
  await until('the silent MAC to be forgotten', async () => !(await known()), 8000)
  t.match(await controller.ctl('list-local-macs', 'blue'), server.mac, 'the talking one stays')
  await injector.send(marked('again', { destination: vm.mac, source: silent }))
  await until('the MAC to be learned again', known)
  await underlay.until('its frame to be forwarded', (frame) => carries(frame.bytes, 'again'))
  clearInterval(talking)
})
