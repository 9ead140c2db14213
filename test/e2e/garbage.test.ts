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

  const garbage: Record<string, { readonly put: string[][]; readonly clear: string[][] }> = {
    'a remote MAC that is none': {
      put: [['add-ucast-remote', 'blue', 'Not A Mac', '10.99.0.50']],
      clear: [['del-ucast-remote', 'blue', 'Not A Mac']],
    },
    'a locator whose address is none': {
      put: [
        ['add-ucast-remote', 'blue', '02:00:00:00:0b:0b', 'not-an-address'],
        ['add-mcast-remote', 'blue', 'unknown-dst', '999.1.2.3'],
      ],
      clear: [
        ['del-ucast-remote', 'blue', '02:00:00:00:0b:0b'],
        ['del-mcast-remote', 'blue', 'unknown-dst', '999.1.2.3'],
      ],
    },
    'a negative tunnel_key': {
      put: [
        ['add-ls', 'minus', '--', 'set', 'Logical_Switch', 'minus', 'tunnel_key=-3'],
        ['bind-ls', scene.gateway.name, 'port2', '0', 'minus'],
      ],
      clear: [
        ['unbind-ls', scene.gateway.name, 'port2', '0'],
        ['del-ls', 'minus'],
      ],
    },
    'a tunnel_key beyond 24 bits': {
      put: [
        ['add-ls', 'huge', '--', 'set', 'Logical_Switch', 'huge', 'tunnel_key=16777217'],
        ['bind-ls', scene.gateway.name, 'port2', '0', 'huge'],
      ],
      clear: [
        ['unbind-ls', scene.gateway.name, 'port2', '0'],
        ['del-ls', 'huge'],
      ],
    },
  }

  for (const [name, { put, clear }] of Object.entries(garbage)) {
    await t.test(`${name}: a fault is reported, the rest works, and the fault goes with the row`, async (t) => {
      for (const words of put) await ctl(...words)
      await until('a fault', async () => (await switchFaults()) !== '[]')
      await works()
      for (const words of clear)
        await until(words.join(' '), async () => (await ctl(...words).catch(() => undefined)) !== undefined)
      await until('no fault', async () => (await switchFaults()) === '[]')
      t.ok(scene.vtepd.running())
    })
  }

  await t.test('VLAN 4095, which no frame can have, is a fault of the port', async (t) => {
    const faults = () => ctl('--columns=port_fault_status', 'find', 'Physical_Port', 'name=port1')
    await ctl('bind-ls', scene.gateway.name, 'port1', '4095', 'blue')
    await until('the fault', async () => (await faults()).includes('invalid_vlan_map'))
    await works()
    await ctl('unbind-ls', scene.gateway.name, 'port1', '4095')
    await until('no fault', async () => !(await faults()).includes('invalid_vlan_map'))
    t.ok(scene.vtepd.running())
  })

  await t.test('names with spaces, quotes and brackets are names', async (t) => {
    const name = `it's "odd" [1] \\ é`
    await ctl('add-ls', name)
    const [uuid = ''] = (await ctl('--bare', '--columns=_uuid', 'find', 'Logical_Switch', 'tunnel_key=[]')).split('\n')
    await ctl('set', 'Logical_Switch', uuid, 'tunnel_key=5009')
    await ctl('bind-ls', scene.gateway.name, 'port2', '0', name)
    await until('the odd switch to be served', async () => (await ctl('list-local-macs', name)).includes('unknown-dst'))
    await works()
    await ctl('unbind-ls', scene.gateway.name, 'port2', '0')
    await until('its deletion', async () => (await ctl('del-ls', name).catch(() => undefined)) !== undefined)
    t.ok(scene.vtepd.running())
  })

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
