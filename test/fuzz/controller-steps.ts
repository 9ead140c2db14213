import type { Replica } from '../../src/ovsdb/replica.js'
import type { Tables } from '../../src/schema/rows.generated.js'
import { seededRandom } from '../lab/seeded-random.js'

/** Operations in the server's JSON. */
export type RawOperation = Readonly<Record<string, unknown>>

interface Transaction {
  readonly what: string
  readonly operations: readonly RawOperation[]
}

/** What happens next: a transaction of a controller, a part that ends and comes back, or one that is killed soon after the other began. */
export type Step =
  | ({ readonly kind: 'transact' } & Transaction)
  | { readonly kind: 'restart'; readonly part: 'daemon' | 'server'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | ({ readonly kind: 'interrupt'; readonly part: 'daemon' | 'server'; readonly afterMs: number } & Transaction)

type Maker = () => RawOperation[]

const vnis = [[], 0, 1, 2, 5001, 5001, 5002, 5003, 5004, 16777214, 16777215, 16777216, -3, 2 ** 40]
const modes = [[], 'source_node', 'service_node']
const macs = ['unknown-dst', '02:00:00:00:00:01', '02:00:00:00:00:02', '0a:0b:0c:0d:0e:0f', '01:00:5e:00:00:fb']
const badMacs = ['', 'Not A Mac', '02-00-00-00-00-01', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '02:00:00:00:00:1']
const vlans = [0, 0, 1, 2, 100, 4094, 4095]
const addresses = ['10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.1']
const badAddresses = [
  '',
  'x',
  '999.1.1.1',
  '0.0.0.0',
  '127.0.0.1',
  '239.1.1.1',
  '255.255.255.255',
  'fd00::1',
  '10.9.0.02',
]
const stations = ['', '10.0.0.9', '10.0.0.10', 'fd00::9', 'fe80::9', '::1', '10.0.0.9 10.0.0.10', 'x']
const aclNumbers = [[], 0, 1, 6, 17, 80, 443, 65535]
const aclTexts = [[], '10.0.0.0', '255.255.0.0', 'fd00::', '02:00:00:00:00:01', 'nonsense', '255.0.255.0']
const bfdValues = ['true', 'false', '0', '50', '300', '1000', '-1', '99999999999', 'soon', '']
const bfdKeys = ['enable', 'min_rx', 'min_tx', 'decay_min_rx', 'forwarding_if_rx', 'cpath_down', 'check_tnl_key', 'odd']

/** What fills the tables, and is done every second time. */
const frequent = ['a port is bound', 'a unicast MAC comes', 'a multicast MAC comes', 'ACLs are bound']

/** UUIDs that name what they stand for; an insert may choose its own. */
const id = (kind: number, number: number): string =>
  `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
const uuid = (text: string) => ['uuid', text] as const
const [SWITCH, LOCATOR, SET, ENTRY, ACL, UCAST, MCAST, ROUTER] = [1, 2, 3, 4, 5, 6, 7, 8] as const

/**
 * Endless steps of whatever a controller may do, sense and nonsense, the same for the same seed while the replica is the
 * same. Rows that refer to others bring along what is missing; a server refuses some of the transactions, as it should.
 */
export function controllerSteps(seed: number): (replica: Replica<Tables>) => Step {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const some = <T>(list: readonly T[], share = 0.4): T[] => list.filter(() => random() < share)
  const orEmpty = (value: unknown) => (Array.isArray(value) ? ['set', []] : value)
  const mostly = <T>(good: readonly T[], bad: readonly T[]): T => pick(random() < 0.85 ? good : bad)

  const transactionFor = (replica: Replica<Tables>): Transaction => {
    const has = (table: keyof Tables, row: string) =>
      [...replica.table(table).values()].some(({ _uuid }) => String(_uuid) === row)
    const brought = new Map<string, RawOperation>()
    const bring = (table: keyof Tables, row: string, columns: Record<string, unknown>) => {
      if (!has(table, row)) brought.set(row, { op: 'insert', table, uuid: row, row: columns })
      return uuid(row)
    }
    const logicalSwitch = (number = below(6)) =>
      bring('Logical_Switch', id(SWITCH, number), { name: `ls ${number}`, tunnel_key: orEmpty(pick(vnis)) })
    const locator = () => {
      const all = [...addresses, ...badAddresses]
      const address = mostly(addresses, badAddresses)
      const key = random() < 0.1 ? pick([7001, 7002, 16777216]) : undefined
      const present = [...replica.table('Physical_Locator').values()].find(
        (row) => row.dst_ip === address && row.tunnel_key === key,
      )
      if (present !== undefined) return uuid(present._uuid)
      const row = {
        encapsulation_type: 'vxlan_over_ipv4',
        dst_ip: address,
        ...(key === undefined ? {} : { tunnel_key: key }),
      }
      return bring('Physical_Locator', id(LOCATOR, all.indexOf(address) + (key ?? 0) * 100), row)
    }
    const locatorSet = () =>
      bring('Physical_Locator_Set', id(SET, below(2 ** 30)), {
        locators: ['set', Array.from({ length: 1 + below(4) }, locator).filter((a, i, all) => all.indexOf(a) === i)],
      })
    const entry = () => {
      const numbers = ['protocol', 'source_port_min', 'source_port_max', 'dest_port_min', 'icmp_type', 'tcp_flags']
      const texts = ['source_ip', 'source_mask', 'dest_ip', 'dest_mask', 'source_mac', 'ethertype']
      return bring('ACL_entry', id(ENTRY, below(12)), {
        sequence: below(5),
        direction: pick(['ingress', 'egress']),
        action: pick(['permit', 'deny']),
        ...Object.fromEntries(some(numbers, 0.2).map((column) => [column, orEmpty(pick(aclNumbers))])),
        ...Object.fromEntries(some(texts, 0.2).map((column) => [column, orEmpty(pick(aclTexts))])),
      })
    }
    const acl = () => {
      const number = below(4)
      const entries = Array.from({ length: 1 + below(3) }, entry)
      const distinct = [...new Map(entries.map((one) => [one[1], one])).values()]
      return bring('ACL', id(ACL, number), { acl_name: `acl ${number}`, acl_entries: ['set', distinct] })
    }
    const bfdEnd = () => [
      ['bfd_dst_mac', mostly(macs.slice(1), badMacs)],
      ['bfd_dst_ip', mostly(addresses, badAddresses)],
    ]
    const portNamed = () => [['name', '==', pick(['port1', 'port2'])]]
    const update = (table: string, where: unknown, row: object): RawOperation => ({ op: 'update', table, where, row })
    const byUuid = (row: string) => [['_uuid', '==', uuid(row)]]
    const remove = (table: string, where: unknown): RawOperation => ({ op: 'delete', table, where })

    const isBoundTo = (which: string) => (vlan: number, index: number) =>
      vlans.indexOf(vlan) === index &&
      [...replica.table('Physical_Port').values()].some(({ vlan_bindings }) => vlan_bindings.get(vlan) === which)

    const makers: Readonly<Record<string, Maker>> = {
      'a logical switch changes': () => {
        const row = { tunnel_key: orEmpty(pick(vnis)), replication_mode: orEmpty(pick(modes)) }
        return [update('Logical_Switch', byUuid(logicalSwitch()[1]), row)]
      },
      'a port is bound': () => {
        const bound = [...new Set(Array.from({ length: 1 + below(5) }, () => pick(vlans)))]
        const map = bound.map((vlan) => [vlan, logicalSwitch()])
        return [update('Physical_Port', portNamed(), { vlan_bindings: ['map', map] })]
      },
      'a unicast MAC comes': () => [
        {
          op: 'insert',
          table: 'Ucast_Macs_Remote',
          uuid: id(UCAST, below(2 ** 30)),
          row: {
            MAC: mostly(macs.slice(1), badMacs),
            logical_switch: logicalSwitch(),
            locator: locator(),
            ipaddr: pick(stations),
          },
        },
      ],
      'unicast MACs move': () => [
        update('Ucast_Macs_Remote', [['MAC', '==', mostly(macs, badMacs)]], { locator: locator() }),
      ],
      'a multicast MAC comes': () => [
        {
          op: 'insert',
          table: 'Mcast_Macs_Remote',
          uuid: id(MCAST, below(2 ** 30)),
          row: {
            MAC: random() < 0.7 ? 'unknown-dst' : mostly(macs, badMacs),
            logical_switch: logicalSwitch(),
            locator_set: locatorSet(),
          },
        },
      ],
      'multicast MACs get other locators': () => [
        update('Mcast_Macs_Remote', [['MAC', '==', pick(macs)]], { locator_set: locatorSet() }),
      ],
      'ACLs are bound': () => {
        const bound = [...new Set(Array.from({ length: below(3) }, () => pick(vlans)))]
        return [update('Physical_Port', portNamed(), { acl_bindings: ['map', bound.map((vlan) => [vlan, acl()])] })]
      },
      'an ACL changes': () => [update('ACL', byUuid(acl()[1]), { acl_entries: ['set', [entry()]] })],
      'an ACL entry changes': () => {
        const row = { sequence: below(5), protocol: orEmpty(pick(aclNumbers)), source_ip: orEmpty(pick(aclTexts)) }
        return [update('ACL_entry', byUuid(entry()[1]), row)]
      },
      'BFD is configured': () => {
        const params = some(bfdKeys).map((key) => [key, pick(bfdValues)])
        const row = {
          bfd_params: ['map', random() < 0.5 ? [['enable', 'true']] : params],
          ...(random() < 0.3 ? { bfd_config_remote: ['map', bfdEnd()] } : {}),
          ...(random() < 0.3 ? { bfd_config_local: ['map', bfdEnd()] } : {}),
        }
        return [update('Tunnel', [], row)]
      },
      'a router comes': () => [
        { op: 'insert', table: 'Logical_Router', uuid: id(ROUTER, below(2)), row: { name: `lr ${below(2)}` } },
      ],
      'managers change': () => {
        const target = pick(['tcp:127.0.0.1:1', 'ptcp:0:127.0.0.1', 'nonsense', ''])
        return [
          { op: 'insert', table: 'Manager', 'uuid-name': 'manager', row: { target, inactivity_probe: 1000 } },
          update('Global', [], { managers: ['set', [['named-uuid', 'manager']]] }),
        ]
      },
      'a logical switch goes with all that is in it': () => {
        const which = id(SWITCH, below(6))
        const ofIt = [['logical_switch', '==', uuid(which)]]
        return [
          ...['Ucast_Macs_Remote', 'Mcast_Macs_Remote', 'Ucast_Macs_Local', 'Mcast_Macs_Local'].map((table) =>
            remove(table, ofIt),
          ),
          {
            op: 'mutate',
            table: 'Physical_Port',
            where: [],
            mutations: [['vlan_bindings', 'delete', ['set', vlans.filter(isBoundTo(which))]]],
          },
          remove('Logical_Switch', byUuid(which)),
        ]
      },
      'unicast MACs go': () => [remove('Ucast_Macs_Remote', [['MAC', '==', mostly(macs, badMacs)]])],
      'multicast MACs go': () => [remove('Mcast_Macs_Remote', [['MAC', '==', mostly(macs, badMacs)]])],
      'routers go': () => [remove('Logical_Router', [])],
      'what the gateway wrote is deleted': () => [remove(pick(['Ucast_Macs_Local', 'Mcast_Macs_Local']), [])],
      'the tunnels are deleted': () => [update('Physical_Switch', [], { tunnels: ['set', []] })],
      'the ports are deleted': () => [update('Physical_Switch', [], { ports: ['set', []] })],
      'the switch is deleted': () => [update('Global', [], { switches: ['set', []] })],
      'the tunnel addresses change': () => [
        update('Physical_Switch', [], { tunnel_ips: ['set', some([...addresses, 'x'])] }),
      ],
    }
    const names = Object.keys(makers)
    // The last ones tear down what the others build.
    const seldom = names.indexOf('a logical switch goes with all that is in it')
    const choose = () =>
      random() < 0.5 ? pick(frequent) : (names[below(random() < 0.85 ? seldom : names.length)] ?? '')
    const chosen = Array.from({ length: 1 + below(5) }, choose)
    const distinct = [...new Set(chosen)]
    const operations = distinct.flatMap((name) => makers[name]?.() ?? [])
    return { what: distinct.join(', '), operations: [...brought.values(), ...operations] }
  }
  return (replica) => {
    const luck = random()
    const part = pick(['daemon', 'server'] as const)
    if (luck < 0.1) return { kind: 'restart', part, signal: pick(['SIGTERM', 'SIGKILL']) }
    const transaction = transactionFor(replica)
    if (luck < 0.2) return { kind: 'interrupt', part, afterMs: below(30), ...transaction }
    return { kind: 'transact', ...transaction }
  }
}
