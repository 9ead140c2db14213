import { seededRandom } from '../lab/seeded-random.js'

/** Operations in the server's JSON. */
export type RawOperation = Readonly<Record<string, unknown>>

const switches = ['red', 'green', 'blue', 'with "quotes" and {braces}', 'Zürich 北京']
const words = ['a', 'b', 'c', 'd', 'é', '', 'x=y']
const vlans = [0, 1, 2, 100, 4095]

/**
 * Endless transactions of somebody else on hardware_vtep, the same for the same seed: rows come and go, sets and maps gain, lose and change
 * members, optional columns are filled and emptied, several rows change at once. `initial` has to be run before.
 */
export function randomTransactions(seed: number): { initial: RawOperation[]; next: () => RawOperation[] } {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const some = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.4)
  const named = (name: string) => [['name', '==', name]]
  const mapOf = (keys: readonly unknown[]) => ['map', keys.map((key) => [key, pick(words)])]

  const makers: (() => RawOperation[])[] = [
    () => {
      const name = pick(switches)
      return [
        { op: 'delete', table: 'Ucast_Macs_Remote', where: [] },
        { op: 'update', table: 'Physical_Port', where: [], row: { vlan_bindings: ['map', []] } },
        { op: 'delete', table: 'Logical_Switch', where: named(name) },
        { op: 'insert', table: 'Logical_Switch', row: { name, other_config: mapOf(some(words)) } },
      ]
    },
    () => {
      const tunnel_key = random() < 0.5 ? ['set', []] : below(1 << 24)
      const replication_mode = pick([['set', []], 'service_node', 'source_node'])
      return [
        { op: 'update', table: 'Logical_Switch', where: named(pick(switches)), row: { tunnel_key, replication_mode } },
      ]
    },
    () => {
      const where = named(pick(switches))
      return [
        { op: 'mutate', table: 'Logical_Switch', where, mutations: [['other_config', 'delete', ['set', some(words)]]] },
        { op: 'mutate', table: 'Logical_Switch', where, mutations: [['other_config', 'insert', mapOf(some(words))]] },
      ]
    },
    () => [{ op: 'update', table: 'Logical_Switch', where: [], row: { other_config: mapOf(some(words)) } }],
    () => [
      {
        op: 'mutate',
        table: 'Physical_Switch',
        where: [],
        mutations: [['management_ips', pick(['insert', 'delete']), ['set', some(words)]]],
      },
    ],
    () => [{ op: 'update', table: 'Physical_Switch', where: [], row: { tunnel_ips: ['set', some(words)] } }],
    () => {
      const name = `port ${pick(words)}`
      return [
        { op: 'insert', table: 'Physical_Port', row: { name }, 'uuid-name': 'port' },
        { op: 'mutate', table: 'Physical_Switch', where: [], mutations: [['ports', 'insert', ['named-uuid', 'port']]] },
      ]
    },
    () => [{ op: 'update', table: 'Physical_Switch', where: [], row: { ports: ['set', []] } }],
    () => {
      const bound = some(vlans)
      return [
        { op: 'insert', table: 'Logical_Switch', row: { name: `of ${random()}` }, 'uuid-name': 'ls' },
        {
          op: 'update',
          table: 'Physical_Port',
          where: named(`port ${pick(words)}`),
          row: { vlan_bindings: ['map', bound.map((vlan) => [vlan, ['named-uuid', 'ls']])] },
        },
      ]
    },
    () => {
      const mac = `02:00:00:00:00:0${below(10)}`
      return [
        { op: 'insert', table: 'Logical_Switch', row: { name: `of ${random()}` }, 'uuid-name': 'ls' },
        { op: 'insert', table: 'ACL_entry', row: { sequence: below(9), direction: 'ingress', action: 'permit' } },
        {
          op: 'insert',
          table: 'Physical_Locator',
          row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: `192.0.2.${random()}` },
          'uuid-name': 'pl',
        },
        {
          op: 'insert',
          table: 'Ucast_Macs_Remote',
          row: { MAC: mac, logical_switch: ['named-uuid', 'ls'], locator: ['named-uuid', 'pl'] },
        },
      ]
    },
    () => [{ op: 'delete', table: 'ACL_entry', where: [['sequence', '<', below(9)]] }],
  ]

  return {
    initial: [
      { op: 'insert', table: 'Physical_Switch', row: { name: 'box' }, 'uuid-name': 'ps' },
      { op: 'insert', table: 'Global', row: { switches: ['set', [['named-uuid', 'ps']]] } },
      ...switches.map((name) => ({ op: 'insert', table: 'Logical_Switch', row: { name } })),
    ],
    next: () => Array.from({ length: 1 + below(3) }, (_, i) => uniqueNames(pick(makers)(), i)).flat(),
  }
}

/** uuid-names must differ within a transaction. */
function uniqueNames(operations: RawOperation[], index: number): RawOperation[] {
  const text = JSON.stringify(operations).replaceAll(/"(uuid-name":|named-uuid",)"(\w+)"/g, `"$1"$2${index}"`)
  return JSON.parse(text) as RawOperation[]
}
