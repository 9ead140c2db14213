import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'

/** A MAC address: six lower-case pairs with colons. */
export type Mac = string & { readonly __brand: 'Mac' }

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/

/** Accepts six pairs of hexadecimal digits with colons, in either case. Other separators are refused: no controller writes them. */
export function parseMac(text: string): Parsed<Mac> {
  const lower = text.toLowerCase()
  return macPattern.test(lower) ? parsed(lower as Mac) : refused(text, 'is not a MAC address like 02:00:00:00:00:01')
}

/** A MAC address that one station may have: not multicast, not broadcast, not all zero. */
export function parseUnicastMac(text: string): Parsed<Mac> {
  const mac = parseMac(text)
  if (!mac.ok) return mac
  if (isMulticast(mac.value)) return refused(text, 'is a multicast address')
  return mac.value === '00:00:00:00:00:00' ? refused(text, 'is all zero') : mac
}

/** True for broadcast too: the group bit is the lowest of the first byte (IEEE 802-2014 section 8.2.2). */
export function isMulticast(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
}
