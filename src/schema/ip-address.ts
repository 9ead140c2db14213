import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'

/** An address of the underlay in canonical text. IPv4 alone today: the schema's one encapsulation is `vxlan_over_ipv4`. */
export type IpAddress = string & { readonly __brand: 'IpAddress' }

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4Pattern = new RegExp(`^${octet}(\\.${octet}){3}$`)

/** Accepts four decimal numbers without leading zeros: inet_pton's reading, where 010 is refused rather than taken for octal. */
export function parseIpAddress(text: string): Parsed<IpAddress> {
  return ipv4Pattern.test(text) ? parsed(text as IpAddress) : refused(text, 'is not an IPv4 address like 192.0.2.1')
}

/** An address that a tunnel may end at: a unicast address of a host. */
export function parseTunnelAddress(text: string): Parsed<IpAddress> {
  const address = parseIpAddress(text)
  if (!address.ok) return address
  const first = Number(text.slice(0, text.indexOf('.')))
  if (first === 0) return refused(text, 'is in 0.0.0.0/8, which names no host')
  if (first === 127) return refused(text, 'is a loopback address')
  if (first >= 224) return refused(text, 'is not a unicast address')
  return address
}
