import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'
import { isMulticast, parseMac, type Mac } from './mac.js'

/** What the `MAC` column of Mcast_Macs_Local and Mcast_Macs_Remote names: one group, or all frames that no other row matches. */
export type MulticastDestination = { readonly kind: 'group'; readonly mac: Mac } | { readonly kind: 'unknown-dst' }

/** The keyword of vtep.xml for frames whose destination has no row of its own; broadcast is among them. */
export const unknownDst = 'unknown-dst'

/** Reads the `MAC` column of the Mcast tables: the keyword, or a multicast (or broadcast) address. */
export function parseMulticastDestination(text: string): Parsed<MulticastDestination> {
  if (text === unknownDst) return parsed({ kind: 'unknown-dst' })
  const mac = parseMac(text)
  if (!mac.ok) return refused(text, `is neither "${unknownDst}" nor a MAC address`)
  return isMulticast(mac.value)
    ? parsed({ kind: 'group', mac: mac.value })
    : refused(text, 'is not a multicast address')
}
