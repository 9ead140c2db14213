import { PersistentMap } from '../../src/persistent/persistent-map.js'
import type { Gateway } from '../../src/desired/own-switch.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { locatorOf, type Locator } from '../../src/schema/locator.js'
import { uuid } from './replica-of.js'

export const ownIp = '10.0.0.1' as IpAddress
export const [hv1, hv2, hv3] = ['10.0.0.11', '10.0.0.12', '10.0.0.13'] as [IpAddress, IpAddress, IpAddress]
/** Locators of these VTEPs without keys of their own. */
export const keyless = (...ips: readonly IpAddress[]): Locator[] => ips.map((ip) => locatorOf(ip, undefined))
export const gateway: Gateway = {
  switchName: 'gw',
  tunnelIp: ownIp,
  floodsToRemoteMacs: true,
  ports: new Map([['port1', 'eth1']]),
  reservedVlans: [],
  arpNdSuppression: true,
}
export const nothing = {
  switches: new Map(),
  floods: new Map(),
  groups: new Map(),
  origins: new Map(),
  addresses: new Set<string>(),
  unreachable: new Set<IpAddress>(),
  healthy: new Set<IpAddress>(),
}

export const [gw, port1, ls1, ls2, ls3] = [uuid(1), uuid(2), uuid(11), uuid(12), uuid(13)]

/** The gateway's own row, and a locator for each address: 21 to 23 the hypervisors, 24 ourselves, 25 none. */
export const own = {
  Physical_Switch: [{ _uuid: gw, name: 'gw', ports: [port1] }],
  Physical_Locator: [hv1, hv2, hv3, ownIp, 'not-an-address'].map((dst_ip, index) => ({
    _uuid: uuid(21 + index),
    encapsulation_type: 'vxlan_over_ipv4' as const,
    dst_ip,
  })),
}

/** Two logical switches, each on a VLAN of its own of port1. */
export const twoSwitches = {
  ...own,
  Physical_Port: [
    {
      _uuid: port1,
      name: 'port1',
      vlan_bindings: new Map([
        [1, ls1],
        [2, ls2],
      ]),
    },
  ],
  Logical_Switch: [
    { _uuid: ls1, name: 'one', tunnel_key: 1 },
    { _uuid: ls2, name: 'two', tunnel_key: 2 },
  ],
}

/** What is forwarded where nothing is bound: the port alone is there. */
export const nothingForwarded = {
  ports: ['eth1'],
  switches: {},
  bindings: {},
  tunnels: {},
  bfd: {},
  remoteMacs: {},
  neighbours: {},
  floods: {},
  floodedToMacs: [],
  groups: {},
  origins: {},
  acls: {},
}

/** The whole value with maps and sets as plain JSON, so that a difference can be read. */
export function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Map || inner instanceof PersistentMap
      ? (Object.fromEntries(inner as Iterable<[string, unknown]>) as object)
      : inner instanceof Set
        ? [...(inner as Set<unknown>)]
        : inner,
  )
  return JSON.parse(text) as unknown
}
