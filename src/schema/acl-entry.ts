import type { Parsed } from '../ovsdb/parsed.js'
import type { AclRule, PortRange, TcpFlags } from './acl-rule.js'
import { parseMac } from './mac.js'
import { familyOf, parseMaskedAddress, type MaskedAddress } from './masked-address.js'
import type { AclEntryRow } from './rows.generated.js'

const TCP = 6
/** TCP, UDP, SCTP. */
const WITH_PORTS: readonly number[] = [TCP, 17, 132]
const ICMP = 1
const ICMPV6 = 58
const IPV4 = 0x0800
const IPV6 = 0x86dd

/** FIN to URG: what `tcp_flags` without a mask is about, so that the bits of ECN (RFC 3168) do not hide a SYN. */
const CLASSIC_FLAGS = 0x3f
const ALL_FLAGS = 0xfff

/** What an ACL_entry says, and what of it cannot be served. */
export interface AclEntryReading {
  /** undefined: the entry permits nothing. */
  readonly rule: AclRule | undefined
  readonly faults: readonly string[]
}

/**
 * Reads a row of ACL_entry.
 *
 * Of an entry with a fault the columns that cannot be read are left out. What remains matches more than was meant: such an entry
 * that denies is served so, and one that permits is not served at all. Either way nothing passes that the entry, had it been
 * right, would have kept back.
 */
export function readAclEntry(row: AclEntryRow): AclEntryReading {
  const faults: string[] = []
  const read = readColumns(row, (fault) => faults.push(fault))
  const { action } = row
  const rule = faults.length > 0 && action === 'permit' ? undefined : { action, ...defined(read) }
  return { rule, faults }
}

type Tell = (fault: string) => void
type Columns = { readonly [C in keyof Omit<AclRule, 'action'>]: AclRule[C] | undefined }

function readColumns(row: AclEntryRow, tell: Tell): Columns {
  const take = <T>(column: string, reading: Parsed<T> | undefined): T | undefined => {
    if (reading === undefined || reading.ok) return reading?.value
    tell(`${column} ${reading.reason}`)
    return undefined
  }
  const protocol = within(row.protocol, 'protocol', 0xff, tell)
  const network = {
    ethertype: readEthertype(row.ethertype, tell),
    source: readMasked('source', row.source_ip, row.source_mask, take),
    dest: readMasked('dest', row.dest_ip, row.dest_mask, take),
    protocol,
  }
  const icmp = readIcmp(row, tell)
  const isMixed = tellOfFamilies(network, tell)
  return {
    sourceMac: row.source_mac === undefined ? undefined : take('source_mac', parseMac(row.source_mac)),
    destMac: row.dest_mac === undefined ? undefined : take('dest_mac', parseMac(row.dest_mac)),
    ...(isMixed ? {} : network),
    sourcePorts: readPorts('source_port', row.source_port_min, row.source_port_max, row.protocol, tell),
    destPorts: readPorts('dest_port', row.dest_port_min, row.dest_port_max, row.protocol, tell),
    tcpFlags: readTcpFlags(row, tell),
    ...(isMixed ? {} : icmp),
  }
}

/** IEEE 802.3 section 3.2.6: what is below 0x0600 is a length. */
function readEthertype(text: string | undefined, tell: Tell): number | undefined {
  if (text === undefined) return undefined
  const value = /^0x[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : 0
  if (value >= 0x0600) return value
  tell(`ethertype ${JSON.stringify(text)} is not one from 0x0600 to 0xffff`)
  return undefined
}

function readMasked(
  side: string,
  address: string | undefined,
  mask: string | undefined,
  take: <T>(column: string, reading: Parsed<T>) => T | undefined,
): MaskedAddress | undefined {
  if (address !== undefined) return take(`${side}_ip`, parseMaskedAddress(address, mask))
  if (mask !== undefined) take(`${side}_mask`, { ok: false, reason: `is given without ${side}_ip` })
  return undefined
}

/** All that is of one IP family, or of none, must be of the same. */
function tellOfFamilies(
  { ethertype, source, dest, protocol }: Pick<Columns, 'ethertype' | 'source' | 'dest' | 'protocol'>,
  tell: Tell,
): boolean {
  const families = new Set<number>()
  for (const masked of [source, dest]) if (masked !== undefined) families.add(familyOf(masked))
  if (protocol === ICMP) families.add(4)
  if (protocol === ICMPV6) families.add(6)
  if (ethertype === IPV4) families.add(4)
  else if (ethertype === IPV6) families.add(6)
  else if (ethertype !== undefined && protocol !== undefined) families.add(0).add(1)
  else if (ethertype !== undefined && families.size > 0) families.add(0)
  if (families.size < 2) return false
  tell('its ethertype, addresses and protocol are of different families: no frame has them all')
  return true
}

function readPorts(
  column: string,
  min: number | undefined,
  max: number | undefined,
  protocol: number | undefined,
  tell: Tell,
): PortRange | undefined {
  if (min === undefined && max === undefined) return undefined
  const first = within(min ?? 0, `${column}_min`, 0xffff, tell)
  const last = within(max ?? 0xffff, `${column}_max`, 0xffff, tell)
  if (protocol === undefined || !WITH_PORTS.includes(protocol)) {
    tell(`${column}_min and ${column}_max need the protocol 6 (TCP), 17 (UDP) or 132 (SCTP)`)
    return undefined
  }
  if (first === undefined || last === undefined) return undefined
  if (first <= last) return { first, last }
  tell(`${column}_min ${first} is above ${column}_max ${last}`)
  return undefined
}

function readTcpFlags({ tcp_flags, tcp_flags_mask, protocol }: AclEntryRow, tell: Tell): TcpFlags | undefined {
  if (tcp_flags === undefined) {
    if (tcp_flags_mask !== undefined) tell('tcp_flags_mask is given without tcp_flags')
    return undefined
  }
  const value = within(tcp_flags, 'tcp_flags', ALL_FLAGS, tell)
  if (value === undefined) return undefined
  const mask = within(tcp_flags_mask ?? value | CLASSIC_FLAGS, 'tcp_flags_mask', ALL_FLAGS, tell)
  if (mask === undefined) return undefined
  if (protocol !== TCP) tell('tcp_flags need the protocol 6 (TCP)')
  else if ((value & ~mask) !== 0) tell(`tcp_flags ${value} has bits that tcp_flags_mask ${mask} leaves out`)
  else return { value, mask }
  return undefined
}

function readIcmp({ icmp_type, icmp_code, protocol }: AclEntryRow, tell: Tell): Pick<Columns, 'icmpType' | 'icmpCode'> {
  if (icmp_type === undefined && icmp_code === undefined) return {}
  const icmpType = within(icmp_type, 'icmp_type', 0xff, tell)
  const icmpCode = within(icmp_code, 'icmp_code', 0xff, tell)
  if (protocol === ICMP || protocol === ICMPV6) return { icmpType, icmpCode }
  tell('icmp_type and icmp_code need the protocol 1 (ICMP) or 58 (ICMPv6)')
  return {}
}

function within(value: number | undefined, column: string, last: number, tell: Tell): number | undefined {
  if (value === undefined || (value >= 0 && value <= last)) return value
  tell(`${column} ${value} is not in 0..${last}`)
  return undefined
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
