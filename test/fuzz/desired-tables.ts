import { createDesiredBuilder } from '../../src/desired/desired.js'
import { type Acl, aclKey, groupKey, groupOf, type GroupKey } from '../../src/desired/forwarding.js'
import { parseUuid, type Uuid } from '../../src/ovsdb/notation.js'
import type { Replica } from '../../src/ovsdb/replica.js'
import { type AclDirection, lineOf } from '../../src/schema/acl-rule.js'
import { type IpAddress, parseIpAddress } from '../../src/schema/ip-address.js'
import { type Locator, locatorOf } from '../../src/schema/locator.js'
import type { Tables } from '../../src/schema/rows.generated.js'
import { parseMac } from '../../src/schema/mac.js'
import { parseVlanId } from '../../src/schema/vlan-id.js'
import { parseVni, type Vni } from '../../src/schema/vni.js'
import { bfdLine } from './kernel-tables.js'

/** A gateway by its flags. */
export interface Described {
  readonly switchName: string
  readonly tunnelIp: string
  readonly ports: readonly string[]
}

/**
 * What the kernel's tables should be for a database, in the lines of `readKernelTables`. Where the database leaves a choice
 * (who keeps a VNI, which service node is used), what is there already decides: so it has to be the kernel's state itself that
 * follows from it. Nobody answers BFD here: who has a session is out of reach.
 */
export function desiredTables(gateway: Described, replica: Replica<Tables>, kernel: readonly string[]): string[] {
  const { switchName, ports } = gateway
  const tunnelIp = valueOf(parseIpAddress(gateway.tunnelIp))
  const named = new Map(ports.map((port) => [port, port]))
  const defaults = { reservedVlans: [], arpNdSuppression: true, floodsToRemoteMacs: true }
  const build = createDesiredBuilder({ switchName, tunnelIp, ports: named, ...defaults })
  const { forwarding } = build(replica, { ...presentIn(kernel), addresses: new Set() })
  const { switches, bindings, tunnels, remoteMacs, neighbours, floods, groups, origins, acls, bfd } = forwarding
  return [
    ...[...switches].flatMap(([id, vni]) => [
      `switch ${id} vni ${vni ?? 0}`,
      ...(vni === null ? [] : [`vni ${vni} is ${id}`]),
    ]),
    ...[...bindings.values()].flatMap(({ netdev, vlan, switchId }) => [
      `binding ${netdev} ${vlan} in ${switchId}`,
      `flood ${switchId} to ${netdev} ${vlan}`,
    ]),
    ...[...tunnels].map(([remote, local]) => `tunnel ${remote} from ${local}`),
    ...[...remoteMacs].flatMap(([id, macs]) => [...macs].map(([mac, remote]) => `mac ${mac} of ${id} at ${remote}`)),
    ...[...neighbours].flatMap(([id, macs]) =>
      [...macs].map(([address, mac]) => `neighbour ${address} of ${id} is ${mac}`),
    ),
    ...[...floods].flatMap(([id, remotes]) => remotes.map((remote) => `flood ${id} to ${remote}`)),
    ...[...groups].flatMap(([key, ends]) => {
      const { switchId, mac } = groupOf(key)
      return [`group ${switchId} ${mac}`, ...ends.map((end) => `group ${switchId} ${mac} to ${end}`)]
    }),
    ...[...origins].map(([locator, id]) => `origin ${locator} is ${id}`),
    ...[...acls.values()].flatMap(aclLines),
    ...[...bindings.values()].map(({ netdev, vlan }) => {
      const has = (direction: AclDirection) =>
        [noVlan, vlan].some((place) => acls.has(aclKey(netdev, place, direction)))
      return `binding ${netdev} ${vlan} looks at acls ${(has('ingress') ? 1 : 0) + (has('egress') ? 2 : 0)}`
    }),
    ...[...bfd].map(([remote, config]) =>
      bfdLine(remote, {
        ...{ minTxMs: config.minTxMs, minRxMs: config.minRxMs, decayMinRxMs: config.decayMinRxMs },
        flags: (config.forwardingIfRx ? 1 : 0) + (config.cpathDown ? 2 : 0) + (config.checkTnlKey ? 4 : 0),
        ...{ localMac: config.localDstMac, localIp: config.localDstIp },
        ...{ remoteMac: config.remoteDstMac, remoteIp: config.remoteDstIp },
      }),
    ),
  ].sort()
}

/** The whole port. */
const noVlan = valueOf(parseVlanId(0))

function aclLines({ netdev, vlan, direction, rules }: Acl): string[] {
  const place = `acl ${netdev} ${vlan} ${direction === 'ingress' ? 0 : 1}`
  const [network, protocol, transport] = [
    rules.some(({ source, dest }) => source !== undefined || dest !== undefined),
    rules.some((rule) => rule.protocol !== undefined),
    rules.some(({ sourcePorts, destPorts, tcpFlags, icmpType, icmpCode }) =>
      [sourcePorts, destPorts, tcpFlags, icmpType, icmpCode].some((asked) => asked !== undefined),
    ),
  ]
  return [
    `${place} has to see ${(network ? 1 : 0) + (protocol ? 2 : 0) + (transport ? 4 : 0)}`,
    ...rules.map((rule, at) => `${place} rule ${at}: ${lineOf(rule)}`),
  ]
}

function presentIn(kernel: readonly string[]) {
  const switches = new Map<Uuid, Vni | null>()
  const groups = new Map<GroupKey, Locator[]>()
  const origins = new Map<Locator, Uuid>()
  const floods = new Map<Uuid, Locator[]>()
  const unreachable = new Set<IpAddress>()
  for (const line of kernel) {
    const words = line.split(' ')
    const [what, a = '', , b = '', c] = words
    if (what === 'switch') switches.set(valueOf(parseUuid(a)), b === '0' ? null : valueOf(parseVni(b)))
    if (what === 'origin') origins.set(readLocator(a), valueOf(parseUuid(b)))
    if (what === 'group') {
      const [, id = '', mac = '', , end] = words
      const key = groupKey({ switchId: valueOf(parseUuid(id)), mac: valueOf(parseMac(mac)) })
      groups.set(key, [...(groups.get(key) ?? []), ...(end === undefined ? [] : [readLocator(end)])])
    }
    if (what === 'flood' && c === undefined && b.includes('.')) {
      const id = valueOf(parseUuid(a))
      floods.set(id, [...(floods.get(id) ?? []), readLocator(b)])
    }
    if (what === 'bfd') unreachable.add(valueOf(parseIpAddress(a)))
  }
  return { switches, floods, groups, origins, unreachable, healthy: new Set<IpAddress>() }
}

function readLocator(text: string): Locator {
  const [ip = '', vni] = text.split('#')
  return locatorOf(valueOf(parseIpAddress(ip)), vni === undefined ? undefined : valueOf(parseVni(vni)))
}

function valueOf<T>(parsed: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!parsed.ok) throw new Error('the kernel holds what cannot be read')
  return parsed.value
}
