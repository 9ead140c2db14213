import type { Namespace } from './namespace.js'

/** A device at one end of a cable. */
export interface End {
  readonly namespace: Namespace
  readonly device: string
  /** Default: the kernel picks one. */
  readonly mac?: string
}

/** Lays a cable (a veth pair) between two namespaces; both ends are up. */
export async function plug(a: End, b: End, mtu: number): Promise<void> {
  const address = (end: End) => (end.mac === undefined ? '' : ` address ${end.mac}`)
  await a.namespace.ip(
    `link add ${a.device}${address(a)} mtu ${mtu} type veth peer name ${b.device}${address(b)} mtu ${mtu} netns ${b.namespace.name}`,
    `link set ${a.device} up`,
  )
  await b.namespace.ip(`link set ${b.device} up`)
}

/**
 * Makes a veth end behave as the far end of a real cable does: frames leave with finished checksums, with their VLAN tag
 * inside, and at most as long as the MTU allows.
 * GRO gives the end the receive queue without which the kernel refuses frames that XDP redirects to its peer.
 */
export async function actAsPhysical(namespace: Namespace, device: string): Promise<void> {
  await namespace.run(['ethtool', '-K', device, 'gro', 'on', 'tx', 'off', 'txvlan', 'off'])
}

/** The Ethernet address of a device. */
export async function deviceMac(namespace: Namespace, device: string): Promise<string> {
  return (await namespace.run(['cat', `/sys/class/net/${device}/address`])).trim()
}
