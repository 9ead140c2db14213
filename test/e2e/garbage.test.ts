import { awaitMode } from '../lab/carriers.js'
import { reach } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode('rows that make no sense', places, async (t, scene) => {
  const { controller } = scene
  const ctl = (...args: string[]) => controller.ctl(...args)
  const server = nth(scene.servers, 0)
  const blue = await scene.network('blue', 5001)
  await blue.bind('port1')
  const vm = await blue.vm()
  await reach(server, vm.address)
  await awaitMode(scene.gateway, scene.mode)
  const works = async () => {
    await reach(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address, { amount: 1024 * 1024 })
    await exchangeTcp(vm.namespace, server.namespace, server.address, { amount: 1024 * 1024 })
  }
  const switchFaults = () => ctl('get', 'Physical_Switch', scene.gateway.name, 'switch_fault_status')

  await t.test(
    'two rows for one MAC are a fault; the one with the lower UUID stands, whichever came first',
    async (t) => {
      const standing = async () =>
        (await scene.gateway.show()).remoteMacs.filter(({ mac }) => mac === vm.mac).map(({ vtep }) => vtep)
      const home = await standing()
      const twin = (uuid: string) => [
        { op: 'insert', table: 'Physical_Locator', 'uuid-name': 'there', row: locator },
        {
          op: 'insert',
          table: 'Ucast_Macs_Remote',
          uuid,
          row: { MAC: vm.mac, logical_switch: blueRow, locator: there },
        },
      ]
      const locator = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: '10.99.0.200' }
      const there = ['named-uuid', 'there']
      const blueRow = ['uuid', await ctl('get', 'Logical_Switch', 'blue', '_uuid')]
      for (const [uuid, expected] of [
        ['ffffffff-ffff-4fff-bfff-ffffffffffff', home],
        ['00000000-0000-4000-8000-000000000000', ['10.99.0.200']],
      ] as const) {
        await transact(scene.gateway.database, ...twin(uuid))
        await until('a fault', async () => (await switchFaults()) !== '[]')
        await until('the standing row', async () => JSON.stringify(await standing()) === JSON.stringify(expected))
        if (expected === home) await works()
        await ctl('destroy', 'Ucast_Macs_Remote', uuid)
        await until('no fault', async () => (await switchFaults()) === '[]')
        await until('the row that is left', async () => JSON.stringify(await standing()) === JSON.stringify(home))
        await works()
      }
      t.ok(scene.vtepd.running())
    },
  )
})
