import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import { until } from './until.js'
import { putOnVlan } from './vlan.js'
import { actAsPhysical, type End, plug } from './wire.js'

/** A machine with one overlay address: a bare-metal server or a VM. */
export interface Host {
  readonly namespace: Namespace
  /** The one device, with the addresses. */
  readonly device: 'eth0'
  readonly mac: string
  readonly address: string
  readonly address6: string
}

export interface HostOptions {
  /** Last byte of MAC and addresses, unique in the logical switch: 02:00:00:00:00:NN, 10.0.0.N, fd00::N. */
  readonly number: number
  readonly mtu: number
  /** The VLAN in which the host lives on a trunk; default: untagged. */
  readonly vlan?: number
  /** See actAsPhysical; default false. */
  readonly physical?: boolean
}

/** Makes a host and plugs its cable into a device that is made in the other namespace. */
export async function makeHost(
  lab: Lab,
  role: string,
  far: End & { readonly mtu: number },
  options: HostOptions,
): Promise<Host> {
  const { number, mtu, vlan, physical = false } = options
  const namespace = await lab.namespace(role)
  const mac = `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`
  await plug({ namespace, device: 'eth0', mac }, far, far.mtu)
  if (physical) await actAsPhysical(namespace, 'eth0')
  if (vlan !== undefined) await putOnVlan(lab, namespace, 'eth0', vlan)
  const address = `10.0.0.${number}`
  const address6 = `fd00::${number.toString(16)}`
  await namespace.ip(
    `link set eth0 mtu ${mtu} up`,
    `addr add ${address}/24 dev eth0`,
    `addr add ${address6}/64 dev eth0 nodad`,
  )
  return { namespace, device: 'eth0', mac, address, address6 }
}

/** Makes the host forget the neighbours that it resolved. */
export async function forgetNeighbours(host: Host): Promise<void> {
  await host.namespace.ip('neigh flush dev eth0')
}

/** Pings until one echo comes back; IPv4 or IPv6 by the look of the address. */
export async function reach(from: Host, address: string, limitMs = 10_000): Promise<void> {
  await until(`${from.namespace.name} to reach ${address}`, () => ping(from, address), limitMs)
}

/** Whether one echo comes back within a second. */
export async function ping(from: Host, address: string): Promise<boolean> {
  const outcome = await from.namespace.attempt(['ping', '-n', '-c', '1', '-W', '1', address])
  return outcome.status === 0
}
