import t, { type Test } from 'tap'
import { OvsdbClient } from '../../src/ovsdb/client.js'
import { namedUuid, type NamedUuid, type Uuid } from '../../src/ovsdb/notation.js'
import type { Operation } from '../../src/ovsdb/operation.js'
import { insert, mutate, remove } from '../../src/schema/operations.js'
import { hardwareVtep, type Tables } from '../../src/schema/rows.generated.js'
import { until } from '../lab/until.js'
import { makeBox, type Box } from './box.js'

/** Limits of the kernel's tables (native/bpf/layout.h). */
const REMOTE_MACS_MAX = 262_144
const TUNNELS_MAX = 8_192
const ROWS_AT_ONCE = 20_000
/** One list more than the rules of the table (native/bpf/acl_layout.h: 65,536) are enough for. */
const RULES_EACH = 1_000
const ACLS = 66

const mac = (number: number): string =>
  `02:00:${[24, 16, 8, 0].map((shift) => ((number >> shift) & 0xff).toString(16).padStart(2, '0')).join(':')}`
const ip = (number: number): string => `10.77.${(number >> 8) & 0xff}.${number & 0xff}`

t.test('one remote MAC more than the table holds is mac_table_exhaustion until there is room', async (t) => {
  const { box, transact, faults, switchId } = await open(t)
  const [vtep] = await transact([locator(1, 'vtep'), remoteMac(switchId, mac(0), namedUuid('vtep'))])
  if (vtep?.kind !== 'inserted') throw new Error('no locator was inserted')
  for (let first = 1; first <= REMOTE_MACS_MAX; first += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, REMOTE_MACS_MAX + 1 - first)
    await transact(Array.from({ length: count }, (_, index) => remoteMac(switchId, mac(first + index), vtep.uuid)))
  }
  await until('the fault', async () => (await faults()) === '[mac_table_exhaustion]', 60_000)
  t.match(
    (await box.vtep('show', 'faults')).stdout,
    /mac_table_exhaustion +remote MACs/,
    'the console says which table is full',
  )
  t.equal(await box.ctl('get', 'Physical_Port', 'port1', 'port_fault_status'), '[]', 'no port is impaired')
  await transact([remove('Ucast_Macs_Remote', [['MAC', '==', mac(7)]])])
  await until('no fault', async () => (await faults()) === '[]', 60_000)
})

t.test('one remote VTEP more than the table holds is tunnel_exhaustion until there is room', async (t) => {
  const { box, transact, faults, switchId } = await open(t)
  await transact(
    Array.from({ length: TUNNELS_MAX + 1 }, (_, number) => [
      locator(number, `vtep${number}`),
      remoteMac(switchId, mac(number), namedUuid(`vtep${number}`)),
    ]).flat(),
  )
  await until('the fault', async () => (await faults()).includes('tunnel_exhaustion'), 60_000)
  t.equal(await box.ctl('get', 'Physical_Port', 'port1', 'port_fault_status'), '[]', 'no port is impaired')
  await transact([remove('Ucast_Macs_Remote', [['MAC', '==', mac(7)]])])
  await until('no fault', async () => (await faults()) === '[]', 60_000)
})

t.test('more rules than the table of rules holds are resource_shortage of the ACL until there is room', async (t) => {
  const { box, transact } = await open(t)
  const bound: [number, Uuid][] = []
  for (let vlan = 1; vlan <= ACLS; vlan += 1) {
    const rules = Array.from({ length: RULES_EACH }, (_, index) => `rule${index}`)
    const results = await transact([
      ...rules.map((name, index) =>
        insert(
          'ACL_entry',
          {
            sequence: index,
            direction: 'ingress',
            action: 'deny',
            protocol: 17,
            dest_port_min: vlan,
            dest_port_max: vlan,
            source_port_min: index,
            source_port_max: index,
          },
          name,
        ),
      ),
      insert('ACL', { acl_name: `acl${vlan}`, acl_entries: rules.map((name) => namedUuid(name)) }, 'acl'),
      // Without a reference an ACL would be gone at the end of the transaction.
      mutate(
        'Physical_Port',
        [['name', '==', 'port1']],
        [['acl_bindings', 'insert', new Map([[vlan, namedUuid('acl')]])]],
      ),
    ])
    const acl = results[RULES_EACH]
    if (acl?.kind !== 'inserted') throw new Error('no ACL was inserted')
    bound.push([vlan, acl.uuid])
  }
  const faults = async (table: string, column: string): Promise<string[]> =>
    (await box.ctl('--bare', `--columns=${column}`, 'list', table)).split(/\s+/).filter((word) => word !== '')
  await until(
    'the fault of one ACL',
    async () => (await faults('ACL', 'acl_fault_status')).join() === 'resource_shortage',
    60_000,
  )
  await until('the fault of its port', async () =>
    (await faults('Physical_Port', 'port_fault_status')).includes('invalid_ACL_binding'),
  )
  t.same(await faults('ACL_entry', 'acle_fault_status'), [], 'each entry by itself makes sense')
  const short = await box.ctl('--bare', '--columns=_uuid', 'find', 'ACL', 'acl_fault_status=resource_shortage')
  const shown = JSON.parse((await box.vtep('show', 'acls', '--json')).stdout) as { acls: { ingress: number }[] }
  t.equal(shown.acls.filter(({ ingress }) => ingress === 1).length, 1, 'where it is bound nothing passes')
  const [vlan] = bound.find(([, id]) => id !== short) ?? []
  await box.ctl('remove', 'Physical_Port', 'port1', 'acl_bindings', `${vlan}`)
  await until('no fault of an ACL', async () => (await faults('ACL', 'acl_fault_status')).length === 0, 60_000)
  await until('no fault of the port', async () => (await faults('Physical_Port', 'port_fault_status')).length === 0)
})

const locator = (number: number, name: string): Operation =>
  insert('Physical_Locator', { encapsulation_type: 'vxlan_over_ipv4', dst_ip: ip(number) }, name)
const remoteMac = (logical_switch: Uuid, MAC: string, vtep: Uuid | NamedUuid): Operation =>
  insert('Ucast_Macs_Remote', { MAC, logical_switch, locator: vtep })

/** A daemon with one bound logical switch that floods nowhere, and a controller that writes by the thousand. */
async function open(t: Test) {
  const box: Box = await makeBox(t)
  await box.start()
  await box.ctl('add-ls', 'blue', '--', 'set', 'Logical_Switch', 'blue', 'tunnel_key=5001')
  await box.ctl('set', 'Logical_Switch', 'blue', 'other_config:flood-to-remote-macs=false')
  await box.ctl('bind-ls', 'gw', 'port1', '0', 'blue')
  const ignore = (): void => undefined
  const client = new OvsdbClient<Tables>({
    endpoint: { kind: 'unix', path: `${box.runDir}/db.sock` },
    database: hardwareVtep,
    monitor: { Global: [] },
    log: { debug: ignore, info: ignore, warn: ignore },
    onChange: ignore,
    onState: ignore,
  })
  t.teardown(() => client.close())
  client.start()
  await until('the controller', () => Promise.resolve(client.state.kind === 'synced'))
  return {
    box,
    switchId: (await box.ctl('get', 'Logical_Switch', 'blue', '_uuid')) as Uuid,
    transact: (operations: readonly Operation[]) => client.transact(operations),
    faults: () => box.ctl('get', 'Physical_Switch', 'gw', 'switch_fault_status'),
  }
}
