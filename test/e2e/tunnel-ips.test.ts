import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked, vxlanFrame } from '../lab/craft.js'
import { reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { repeatedRows } from './database-uuids.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const second = '10.99.0.200'

inEachMode('a tunnel address that the database says', { tunnelIpFromDatabase: true }, async (t, scene) => {
  const { controller, gateway, lab } = scene
  const ctl = (...words: string[]) => controller.ctl('--bare', ...words)
  const server = nth(scene.servers, 0)
  const hypervisor = nth(scene.hypervisors, 0)
  const setTunnelIps = (...ips: string[]) =>
    ctl('set', 'Physical_Switch', gateway.name, `tunnel_ips=${JSON.stringify(ips)}`)
  const lines = (text: string) => text.split('\n').filter(Boolean).sort()
  const dstIp = async (id: string) => JSON.parse(await ctl('get', 'Physical_Locator', id, 'dst_ip')) as string
  /** The addresses that rows of a table name in a column of locators. */
  const addressesOf = async (table: string, column: string) => {
    const ids = lines(await ctl(`--columns=${column}`, 'list', table))
    return Promise.all(ids.map((id) => dstIp(id)))
  }
  const localSet = async () => {
    const [id = ''] = lines(await ctl('--columns=locator_set', 'list', 'Mcast_Macs_Local'))
    const members = (await ctl('get', 'Physical_Locator_Set', id, 'locators')).match(/[0-9a-f-]{36}/g) ?? []
    return Promise.all(members.map((member) => dstIp(member)))
  }
  const locators = async () => lines(await ctl('--columns=dst_ip', 'list', 'Physical_Locator'))
  const tunnel = () => ctl('--columns=_uuid,bfd_params', 'list', 'Tunnel')

  await t.test('is waited for, shown as a fault, and served once the box has it', async (t) => {
    const blue = await scene.network('blue', 5001)
    await blue.bind('port1')
    const faults = () => ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')
    await until('the fault', async () => (await faults()).includes('unspecified_fault'))
    await setTunnelIps(gateway.tunnelIp)
    await until('no fault', async () => (await faults()) === '[]')
    const vm = await blue.vm()
    await reach(server, vm.address)
    t.same(await localSet(), [gateway.tunnelIp])
    await controller.unbind('port1', 0)
    await until('the local rows to be withdrawn', async () => (await ctl('list', 'Mcast_Macs_Local')) === '')
    for (const mac of [vm.mac]) await controller.ctl('del-ucast-remote', 'blue', mac)
    await controller.ctl('del-mcast-remote', 'blue', 'unknown-dst', hypervisor.address)
    await until('every locator to be let go', async () => (await locators()).length === 0)
    await controller.ctl('del-ls', 'blue')
    await vm.namespace.ip('link set eth0 down')
    await hypervisor.namespace.ip('link del vx5001', 'link del net5001')
  })

  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  await until('the server in the database', async () => (await ctl('list-local-macs', 'blue')).includes(server.mac))
  const [id = ''] = lines(await ctl('--columns=_uuid', 'list', 'Tunnel'))
  await ctl('set', 'Tunnel', id, 'bfd_params:enable=true', 'bfd_params:min_rx=777')

  await t.test(
    'a Tunnel row and what the controller wrote stay while nothing is bound, or without a key',
    async (t) => {
      const before = await tunnel()
      const status = () => ctl('get', 'Tunnel', id, 'bfd_status')
      const isOn = async () => (await status()).includes('state')
      const pauses = [
        { stop: () => controller.unbind('port1', 0), resume: () => controller.bind('port1', 0, 'blue') },
        {
          stop: () => ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=0'),
          resume: () => ctl('set', 'Logical_Switch', 'blue', 'tunnel_key=5001'),
        },
      ]
      for (const { stop, resume } of pauses) {
        await until('its status', isOn)
        await stop()
        await until('no status', async () => (await status()) === '{}')
        t.equal(await tunnel(), before)
        await resume()
        await until('its status', isOn)
        t.equal(await tunnel(), before)
      }
      await reach(server, vm.address)
    },
  )

  await t.test('a Tunnel row keeps its UUID and what the controller wrote over the end of the daemon', async (t) => {
    const before = await tunnel()
    await scene.vtepd.stop('SIGKILL')
    await gateway.start()
    await until('its status', async () => (await ctl('get', 'Tunnel', id, 'bfd_status')).includes('state'))
    t.equal(await tunnel(), before)
  })

  await t.test(
    'another address is followed by outer source, local rows and Tunnel rows, and the old one is let go',
    async (t) => {
      const before = await tunnel()
      await gateway.namespace.ip(`addr add ${second}/24 dev under`)
      await hypervisor.namespace.bridge(`fdb append 00:00:00:00:00:00 dev vx5001 dst ${second}`)
      const seen = await openCapture(hypervisor.namespace, 'under', { filter: `udp port 4789 and src host ${second}` })
      lab.own(seen.close)
      await setTunnelIps(second)
      await until('the old locator to be let go', async () => !(await locators()).includes(gateway.tunnelIp))
      await hypervisor.remoteMac(5001, server.mac, second)
      await reach(server, vm.address)
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
      await exchangeTcp(vm.namespace, server.namespace, server.address)
      await seen.until('a frame from the new address', () => true)
      t.same(await addressesOf('Ucast_Macs_Local', 'locator'), [second])
      t.same(await localSet(), [second])
      t.same(await addressesOf('Tunnel', 'local'), [second])
      t.same(await addressesOf('Tunnel', 'remote'), [hypervisor.address])
      t.equal(await tunnel(), before, 'the row is the same, with what the controller wrote')
      t.same(await locators(), [hypervisor.address, second].sort())
      t.same(await repeatedRows(gateway.database), [])
    },
  )

  await t.test('what is sent to the old address is not taken any more', async (t) => {
    const injector = await openInjector(hypervisor.namespace, 'under')
    const atServer = await openCapture(server.namespace, 'eth0')
    for (const tool of [injector, atServer]) lab.own(tool.close)
    const send = async (destination: string, text: string) =>
      injector.send(
        vxlanFrame({
          destinationMac: await deviceMac(gateway.namespace, 'under'),
          sourceMac: await deviceMac(hypervisor.namespace, 'under'),
          source: hypervisor.address,
          destination,
          vni: 5001,
          inner: marked(text, { destination: broadcast, source: vm.mac }),
        }),
      )
    const before = await gateway.dropped('foreign_address')
    await send(gateway.tunnelIp, 'old')
    await send(second, 'new')
    await atServer.until('the fence', (frame) => carries(frame.bytes, 'new'))
    t.same(
      atServer.matching((frame) => carries(frame.bytes, 'old')),
      [],
    )
    t.equal(await gateway.dropped('foreign_address'), before + 1)
  })
})
