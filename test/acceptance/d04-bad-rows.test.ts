import { exchangeTcp } from '../lab/tcp.js'
import { transact } from '../lab/transact.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

type Words = readonly string[]

const twin = ['add-ls', 'odd', '--', 'set', 'Logical_Switch', 'odd']
const bound = [['bind-ls', 'gateway', 'port2', '5', 'odd']]
const unbound = [
  ['unbind-ls', 'gateway', 'port2', '5'],
  ['del-ls', 'odd'],
]
const garbage: readonly { readonly what: string; readonly put: readonly Words[]; readonly clear: readonly Words[] }[] =
  [
    {
      what: 'a remote MAC that is none',
      put: [['add-ucast-remote', 'blue', 'Not-A-Mac', '10.99.0.50']],
      clear: [['del-ucast-remote', 'blue', 'Not-A-Mac']],
    },
    {
      what: 'a locator whose address is none',
      put: [
        ['add-ucast-remote', 'blue', '02:00:00:00:0b:0b', 'not-an-address'],
        ['add-mcast-remote', 'blue', 'unknown-dst', '999.1.2.3'],
      ],
      clear: [
        ['del-ucast-remote', 'blue', '02:00:00:00:0b:0b'],
        ['del-mcast-remote', 'blue', 'unknown-dst', '999.1.2.3'],
      ],
    },
    { what: 'a negative tunnel_key', put: [[...twin, 'tunnel_key=-3'], ...bound], clear: unbound },
    { what: 'a tunnel_key beyond 24 bits', put: [[...twin, 'tunnel_key=16777217'], ...bound], clear: unbound },
  ]

scenario('D4', 'rows that make no sense', { servers: [{ port: 'port1' }, { port: 'port2' }] }, async (t, stage) => {
  const { controller, gateway, eventually } = stage
  const { vms } = await join(stage)
  const [server, vm] = [stage.servers[0]!, vms[0]!]
  const faults = () => controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')
  let { daemon } = stage
  let crashes = 0
  /** So that each sentence stands for itself. */
  const revive = async () => {
    if (daemon.running()) return
    crashes += 1
    daemon = await gateway.start()
  }
  const works = async () => {
    await stage.reaches(server, vm.address)
    await exchangeTcp(server.namespace, vm.namespace, vm.address, { amount: 1024 * 1024 })
    await exchangeTcp(vm.namespace, server.namespace, server.address, { amount: 1024 * 1024 })
  }

  for (const { what, put, clear } of garbage) {
    await t.test(`${what}: the rest works, and the fault is set until the row goes`, async () => {
      for (const words of put) await controller.ctl(...words)
      try {
        await works()
        await eventually('a fault', async () => (await faults()) !== '[]')
      } finally {
        for (const words of clear) await eventually(words.join(' '), () => succeeds(words))
      }
      await eventually('no fault', async () => (await faults()) === '[]')
    })
    await revive()
  }

  await t.test('two rows that place one MAC behind two VTEPs: one of them stands, and the fault is set', async (t) => {
    const blue = ['uuid', await controller.ctl('get', 'Logical_Switch', 'blue', '_uuid')]
    const locator = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: '10.99.0.200' }
    const uuid = 'ffffffff-ffff-4fff-bfff-ffffffffffff'
    const row = { MAC: vm.mac, logical_switch: blue, locator: ['named-uuid', 'there'] }
    await transact(
      gateway.database,
      { op: 'insert', table: 'Physical_Locator', 'uuid-name': 'there', row: locator },
      { op: 'insert', table: 'Ucast_Macs_Remote', uuid, row },
    )
    try {
      await works()
      await eventually('a fault', async () => (await faults()) !== '[]')
    } finally {
      await controller.ctl('destroy', 'Ucast_Macs_Remote', uuid)
    }
    await eventually('no fault', async () => (await faults()) === '[]')
    await works()
    t.pass('the row with the lower UUID')
  })
  await revive()

  await t.test('a name with spaces, quotes and brackets is a name', async () => {
    const name = `it's "odd" [1] \\ é`
    await controller.ctl('add-ls', name)
    const uuid = await controller.ctl('--bare', '--columns=_uuid', 'find', 'Logical_Switch', 'tunnel_key=[]')
    await controller.ctl('set', 'Logical_Switch', uuid, 'tunnel_key=5009')
    await controller.ctl('bind-ls', gateway.name, 'port2', '6', name)
    await eventually('it to be served', async () => (await controller.ctl('list-local-macs', name)).includes('unknown'))
  })

  await t.test('none of it ends the daemon', async (t) => {
    t.ok(daemon.running())
    t.equal(crashes, 0)
  })

  /** A logical switch can be deleted once the box has withdrawn its rows. */
  async function succeeds(words: Words): Promise<boolean> {
    return controller.ctl(...words).then(
      () => true,
      () => false,
    )
  }
})
