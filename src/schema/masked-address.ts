import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'
import { octetsOf, textOf } from './address-octets.js'

/** Addresses that agree in the bits of a mask, both in canonical text (RFC 5952) and of one family. */
export interface MaskedAddress {
  /** Without the bits that the mask leaves out. */
  readonly address: string
  /** Any bits, not only leading ones. */
  readonly mask: string
}

/** `undefined` for the mask: the address alone. */
export function parseMaskedAddress(addressText: string, maskText: string | undefined): Parsed<MaskedAddress> {
  const address = octetsOf(addressText)
  if (address === undefined) return refused(addressText, 'is neither an IPv4 nor an IPv6 address')
  const mask = maskText === undefined ? address.map(() => 0xff) : octetsOf(maskText)
  if (mask === undefined) return refused(maskText ?? '', 'is no mask in the form of an address')
  if (mask.length !== address.length) return refused(maskText ?? '', `is of another family than ${addressText}`)
  const masked = address.map((octet, index) => octet & (mask[index] ?? 0))
  return parsed({ address: textOf(masked), mask: textOf(mask) })
}

export function familyOf({ address }: MaskedAddress): 4 | 6 {
  return address.includes(':') ? 6 : 4
}
