import t, { type Test } from 'tap'
import { OvsdbClient } from '../../src/ovsdb/client.js'
import { namedUuid, type NamedUuid, type Uuid } from '../../src/ovsdb/notation.js'
import type { Operation } from '../../src/ovsdb/operation.js'
import { insert, remove } from '../../src/schema/operations.js'
import { hardwareVtep, type Tables } from '../../src/schema/rows.generated.js'
import { until } from '../lab/until.js'
import { makeBox, type Box } from './box.js'

/** Limits of the kernel's tables (native/bpf/layout.h). */
const REMOTE_MACS_MAX = 262_144
const TUNNELS_MAX = 8_192
const ROWS_AT_ONCE = 20_000

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
