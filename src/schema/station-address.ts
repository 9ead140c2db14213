import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'
import { octetsOf, textOf } from './address-octets.js'

/** An address of one station in a logical switch, IPv4 or IPv6, in canonical text (RFC 5952). */
export type StationAddress = string & { readonly __brand: 'StationAddress' }

/** Accepts unicast addresses that a station can have and another can ask for. */
export function parseStationAddress(text: string): Parsed<StationAddress> {
  const octets = octetsOf(text)
  if (octets === undefined) return refused(text, 'is neither an IPv4 nor an IPv6 address')
  const reason = octets.length === 4 ? whyNotIpv4(octets) : whyNotIpv6(octets)
  return reason === undefined ? parsed(textOf(octets) as StationAddress) : refused(text, reason)
}

/** fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocal(address: StationAddress): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address)
}

/** RFC 6890: "this network", loopback; multicast, reserved, broadcast. */
function whyNotIpv4([first = 0]: readonly number[]): string | undefined {
  if (first === 0) return 'is in 0.0.0.0/8, which names no station'
  if (first === 127) return 'is a loopback address'
  return first >= 224 ? 'is not a unicast address' : undefined
}

function whyNotIpv6(octets: readonly number[]): string | undefined {
  if (octets[0] === 0xff) return 'is not a unicast address'
  // The unspecified address, loopback, and IPv4 addresses in the text of IPv6.
  return octets.slice(0, 10).every((octet) => octet === 0) ? 'is in ::/80, which names no station' : undefined
}
