import type { Namespace } from '../lab/namespace.js'
import { openMaps, type Entry } from './bpf-maps.js'
import { readAclLines } from './kernel-acls.js'
import { type Address, ipText, macText, uuidText } from './kernel-texts.js'

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

/** A session as both sides say it. */
export function bfdLine(remote: string, config: Readonly<Record<string, string | number | undefined>>): string {
  return `bfd ${remote} ${Object.entries(config)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}`
}

/**
 * The kernel's tables by which the gateway in a namespace forwards, a line for each fact, sorted. They are read with bpftool
 * from the maps themselves: what the daemon believes has no part in it.
 *
 * @param ports the access ports, to name them by
 */
export async function readKernelTables(namespace: Namespace, ports: readonly string[]): Promise<string[]> {
  const bpf = await openMaps(namespace)
  const maps = await bpf.dump(...readMaps)
  const netdevs = await namesByIndex(namespace, ports)
  const entriesOf = (name: string): Entries => maps.get(name) ?? []
  const netdev = (ifindex: number | undefined): string => netdevs.get(ifindex ?? 0) ?? `device ${ifindex}`

  const switches = new Map<number, { id: string; value: Numbers }>()
  for (const { key, value } of entriesOf('switches') as Entry<number, Numbers & { id: number[] }>[]) {
    if (value.id.some((byte) => byte !== 0)) switches.set(key, { id: uuidText(value.id), value })
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
    return tunnel === undefined ? `tunnel ${number}` : ipText(tunnel.remote)
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
    ...[...tunnels.values()].map(({ remote, local }) => `tunnel ${ipText(remote)} from ${ipText(local)}`),
    ...(entriesOf('remote_macs') as Entry<{ switch_slot: number; mac: number[] }, Numbers>[]).map(
      ({ key, value }) => `mac ${macText(key.mac)} of ${idOf(key.switch_slot)} at ${locator(value.tunnel, value.vni)}`,
    ),
    ...(entriesOf('neighbours') as Entry<{ switch_slot: number; address: Address }, { mac: number[] }>[]).map(
      ({ key, value }) => `neighbour ${ipText(key.address)} of ${idOf(key.switch_slot)} is ${macText(value.mac)}`,
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
      return [`group ${id} ${macText(key.mac)}`, ...to.map((end) => `group ${id} ${macText(key.mac)} to ${end}`)]
    }),
    ...(await readAclLines(bpf, entriesOf('acls') as Entry<Numbers, Numbers>[], bindings, netdev)),
    ...(entriesOf('bfd_sessions') as Entry<Address, BfdRecord>[]).map(({ key, value }) =>
      bfdLine(ipText(key), {
        ...{ minTxMs: value.config_min_tx_ms, minRxMs: value.config_min_rx_ms },
        ...{ decayMinRxMs: value.config_decay_min_rx_ms, flags: value.config_flags },
        ...{ localMac: macText(value.local_mac), localIp: value.local_ip.join('.') },
        ...{ remoteMac: macText(value.remote_mac), remoteIp: value.remote_ip.join('.') },
      }),
    ),
  ].sort()
}

/** The configuration in `struct bfd_session` of native/bpf/layout.h. */
type BfdRecord = Numbers & Readonly<Record<'local_ip' | 'remote_ip' | 'local_mac' | 'remote_mac', readonly number[]>>

async function namesByIndex(namespace: Namespace, ports: readonly string[]): Promise<ReadonlyMap<number, string>> {
  const links = JSON.parse(await namespace.run(['ip', '-json', 'link'])) as { ifindex: number; ifname: string }[]
  return new Map(links.filter(({ ifname }) => ports.includes(ifname)).map(({ ifindex, ifname }) => [ifindex, ifname]))
}
