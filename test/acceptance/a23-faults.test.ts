import { ping } from '../lab/host.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

const servers = [{ port: 'port1' }, { port: 'port2' }]

interface Cause {
  readonly what: string
  readonly put: readonly (readonly string[])[]
  readonly clear: readonly (readonly string[])[]
  readonly column: 'switch_fault_status' | 'port_fault_status'
  readonly fault: string
}

const causes: readonly Cause[] = [
  {
    what: 'VLAN 4095, which no frame can have',
    put: [['bind-ls', 'gateway', 'port1', '4095', 'blue']],
    clear: [['unbind-ls', 'gateway', 'port1', '4095']],
    column: 'port_fault_status',
    fault: 'invalid_vlan_map',
  },
  {
    what: 'an ACL with an entry that means nothing',
    put: [
      [
        ...['--id=@e', 'create', 'ACL_entry', 'direction=ingress', 'action=deny', 'sequence=1', 'source_ip=nowhere'],
        ...['--', '--id=@a', 'create', 'ACL', 'acl_name=odd', 'acl_entries=@e'],
        ...['--', 'set', 'Physical_Port', 'port2', 'acl_bindings:0=@a'],
      ],
    ],
    clear: [['clear', 'Physical_Port', 'port2', 'acl_bindings']],
    column: 'port_fault_status',
    fault: 'invalid_ACL_binding',
  },
  {
    what: 'a logical switch with the key of another',
    put: [
      ['add-ls', 'twin', '--', 'set', 'Logical_Switch', 'twin', 'tunnel_key=5001'],
      ['bind-ls', 'gateway', 'port2', '9', 'twin'],
    ],
    clear: [['unbind-ls', 'gateway', 'port2', '9']],
    column: 'switch_fault_status',
    fault: 'unspecified_fault',
  },
  {
    what: 'a logical router, which a box without routing cannot serve',
    put: [['create', 'Logical_Router', 'name=r1', 'switch_binding={"10.0.0.254/24"=@l}']],
    clear: [['del-lr', 'r1']],
    column: 'switch_fault_status',
    fault: 'lr_support_fault',
  },
]

scenario('A23', 'a fault', { servers }, async (t, stage) => {
  const { controller, eventually } = stage
  const { vms } = await join(stage)
  const blue = await controller.ctl('get', 'Logical_Switch', 'blue', '_uuid')
  const faults = async (column: Cause['column']) => {
    const table = column === 'switch_fault_status' ? 'Physical_Switch' : 'Physical_Port'
    return controller.ctl('--bare', `--columns=${column}`, 'list', table)
  }

  for (const { what, put, clear, column, fault } of causes) {
    await t.test(`${what}: ${fault} is set, and cleared with its cause; the rest works`, async (t) => {
      for (const words of put) await controller.ctl(...words.map((word) => word.replace('@l', blue)))
      await eventually(fault, async () => (await faults(column)).includes(fault))
      t.ok(await ping(stage.servers[0]!, vms[0]!.address))
      for (const words of clear) await controller.ctl(...words)
      await eventually('no fault', async () => (await faults(column)).trim() === '')
    })
  }
})
