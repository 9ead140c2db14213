import type { Namespace } from '../lab/namespace.js'

/** An entry of a map as bpftool prints it with the types that the programs carry. */
interface Entry<K, V> {
  readonly key: K
  readonly value: V
}

type Entries = readonly Entry<unknown, unknown>[]

type Numbers = Readonly<Record<string, number>>

const readMaps = [
  'switches',
  'vnis',
  'bindings',
  'remote_macs',
  'neighbours',
  'tunnels',
  'origins',
  'flood_lists',
  'flood_members',
  'acls',
  'bfd_sessions',
]

/**
 * The kernel's tables by which the gateway in a namespace forwards, a line for each fact, sorted. They are read with bpftool
 * from the maps themselves: what the daemon believes has no part in it.
 *
 * @param ports the access ports, to name them by
 */
export async function readKernelTables(namespace: Namespace, ports: readonly string[]): Promise<string[]> {
  const maps = await dumpMaps(namespace)
  const netdevs = await namesByIndex(namespace, ports)
  const entriesOf = (name: string): Entries => maps.get(name) ?? []
  const netdev = (ifindex: number | undefined): string => netdevs.get(ifindex ?? 0) ?? `device ${ifindex}`

  const switches = new Map<number, { id: string; value: Numbers }>()
  for (const { key, value } of entriesOf('switches') as Entry<number, Numbers & { id: number[] }>[]) {
    if (value.id.some((byte) => byte !== 0)) switches.set(key, { id: uuid(value.id), value })
  }
  const idOf = (slot: number | undefined): string => switches.get(slot ?? -1)?.id ?? `slot ${slot}`
  const tunnels = new Map(
    (entriesOf('tunnels') as Entry<number, { remote: Address; local: Address }>[]).map(({ key, value }) => [
      key,
      value,
    ]),
  )
  const remoteOf = (number: number | undefined): string => {
    const tunnel = tunnels.get(number ?? -1)
    return tunnel === undefined ? `tunnel ${number}` : ip(tunnel.remote)
  }
  const bindings = entriesOf('bindings') as Entry<Numbers, Numbers>[]
  const locator = (number: number | undefined, vni: number | undefined): string =>
    `${remoteOf(number)}${vni === 0 ? '' : `#${vni}`}`
  const lists = entriesOf('flood_lists') as Entry<{ switch_slot: number; mac: number[]; kind: number }, Numbers>[]
  const members = new Map<number, Numbers[]>()
  for (const { key, value } of entriesOf('flood_members') as Entry<Numbers, Numbers>[]) {
    const list = key.list ?? -1
    members.set(list, [...(members.get(list) ?? []), value])
  }

  return [
    ...[...switches.values()].map(({ id, value }) => `switch ${id} vni ${value.vni}`),
    ...(entriesOf('vnis') as Entry<number, number>[]).map(({ key, value }) => `vni ${key} is ${idOf(value)}`),
    ...bindings.map(({ key, value }) => `binding ${netdev(key.ifindex)} ${key.vlan} in ${idOf(value.switch_slot)}`),
    ...[...tunnels.values()].map(({ remote, local }) => `tunnel ${ip(remote)} from ${ip(local)}`),
    ...(entriesOf('remote_macs') as Entry<{ switch_slot: number; mac: number[] }, Numbers>[]).map(
      ({ key, value }) => `mac ${mac(key.mac)} of ${idOf(key.switch_slot)} at ${locator(value.tunnel, value.vni)}`,
    ),
    ...(entriesOf('neighbours') as Entry<{ switch_slot: number; address: Address }, { mac: number[] }>[]).map(
      ({ key, value }) => `neighbour ${ip(key.address)} of ${idOf(key.switch_slot)} is ${mac(value.mac)}`,
    ),
    ...(entriesOf('origins') as Entry<Numbers, number>[]).map(
      ({ key, value }) => `origin ${locator(key.tunnel, key.vni)} is ${idOf(value)}`,
    ),
    ...lists.flatMap(({ key, value }) => {
      const id = idOf(key.switch_slot)
      const list = members.get(value.number ?? -1) ?? []
      if (key.kind === 0) return list.map(({ target, vlan }) => `flood ${id} to ${netdev(target)} ${vlan}`)
      const to = list.map(({ target, vni }) => locator(target, vni))
      if (key.kind === 1) return to.map((end) => `flood ${id} to ${end}`)
      return [`group ${id} ${mac(key.mac)}`, ...to.map((end) => `group ${id} ${mac(key.mac)} to ${end}`)]
    }),
    ...(entriesOf('acls') as Entry<Numbers, Numbers>[]).map(
      ({ key, value }) => `acl ${netdev(key.ifindex)} ${key.vlan} ${key.direction}: ${value.count} rules`,
    ),
    ...(entriesOf('bfd_sessions') as Entry<Address, Numbers>[]).map(
      ({ key, value }) => `bfd ${ip(key)} ${value.config_min_tx_ms} ${value.config_min_rx_ms}`,
    ),
  ].sort()
}

interface Address {
  readonly bytes: readonly number[]
}

async function dumpMaps(namespace: Namespace): Promise<ReadonlyMap<string, Entries>> {
  const bpftool = async (...words: readonly string[]) =>
    JSON.parse(await namespace.run(['bpftool', '--json', ...words])) as unknown
  const filters = await namespace.run(['tc', '-json', 'filter', 'show', 'dev', 'vtep-vxlan', 'ingress'])
  const program = /"prog":\{"id":(\d+)/.exec(filters)?.[1]
  if (program === undefined) throw new Error(`vtep-vxlan has no program: ${filters}`)
  const { map_ids } = (await bpftool('prog', 'show', 'id', program)) as { map_ids: number[] }
  const dumped = new Map<string, Entries>()
  for (const id of map_ids) {
    const { name } = (await bpftool('map', 'show', 'id', `${id}`)) as { name: string }
    if (!readMaps.includes(name)) continue
    const entries = (await bpftool('map', 'dump', 'id', `${id}`)) as { formatted: Entries[number] }[]
    dumped.set(
      name,
      entries.map(({ formatted }) => formatted),
    )
  }
  const missing = readMaps.filter((name) => !dumped.has(name))
  if (missing.length > 0) throw new Error(`no map is named ${missing.join(', ')}`)
  return dumped
}

async function namesByIndex(namespace: Namespace, ports: readonly string[]): Promise<ReadonlyMap<number, string>> {
  const links = JSON.parse(await namespace.run(['ip', '-json', 'link'])) as { ifindex: number; ifname: string }[]
  return new Map(links.filter(({ ifname }) => ports.includes(ifname)).map(({ ifindex, ifname }) => [ifindex, ifname]))
}

function hex(bytes: readonly number[]): string[] {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0'))
}

function mac(bytes: readonly number[]): string {
  return hex(bytes).join(':')
}

function uuid(bytes: readonly number[]): string {
  return hex(bytes)
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** IPv4 is stored v4-mapped. */
function ip({ bytes }: Address): string {
  return bytes.slice(12).join('.')
}
