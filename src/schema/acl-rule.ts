import type { Mac } from './mac.js'
import type { MaskedAddress } from './masked-address.js'

export type AclDirection = 'ingress' | 'egress'
export type AclAction = 'permit' | 'deny'

/** Both ends are in it. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** FIN is bit 0; the value has no bits that the mask leaves out. */
export interface TcpFlags {
  readonly value: number
  readonly mask: number
}

/** A rule of an ACL. What it does not name may be anything. */
export interface AclRule {
  readonly action: AclAction
  readonly sourceMac?: Mac
  readonly destMac?: Mac
  /** Of an inner tag, or of what is behind it. */
  readonly ethertype?: number
  readonly source?: MaskedAddress
  readonly dest?: MaskedAddress
  /** Upper-layer protocol behind all extension headers, or the next header of the fixed IPv6 header. */
  readonly protocol?: number
  readonly sourcePorts?: PortRange
  readonly destPorts?: PortRange
  readonly tcpFlags?: TcpFlags
  readonly icmpType?: number
  readonly icmpCode?: number
}

/** All that a rule says, in one line: rules are the same when their lines are. */
export function lineOf(rule: AclRule): string {
  const masked = (value: MaskedAddress | undefined): string | undefined => value && `${value.address}/${value.mask}`
  const range = (value: PortRange | undefined): string | undefined => value && `${value.first}-${value.last}`
  const words = [
    rule.sourceMac,
    rule.destMac,
    rule.ethertype,
    masked(rule.source),
    masked(rule.dest),
    rule.protocol,
    range(rule.sourcePorts),
    range(rule.destPorts),
    rule.tcpFlags && `${rule.tcpFlags.value}/${rule.tcpFlags.mask}`,
    rule.icmpType,
    rule.icmpCode,
  ]
  return [rule.action, ...words.map((word) => word ?? '-')].join(' ')
}
