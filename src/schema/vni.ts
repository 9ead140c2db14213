import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'

/** A VXLAN network identifier that carries traffic: 1..16777214. */
export type Vni = number & { readonly __brand: 'Vni' }

/**
 * What a `tunnel_key` column says: a VNI, or that the logical switch is not in use. Empty and 0 are both `inactive`: OVN writes 0 to
 * logical switches that it does not use and empties the column when it shuts down.
 */
export type TunnelKey = { readonly kind: 'active'; readonly vni: Vni } | { readonly kind: 'inactive' }

const largestVni = 0xff_fffe

/** Reads Logical_Switch.tunnel_key or Physical_Locator.tunnel_key, which the schema leaves without a range. */
export function parseTunnelKey(key: number | undefined): Parsed<TunnelKey> {
  if (key === undefined || key === 0) return parsed({ kind: 'inactive' })
  const vni = parseVni(key)
  return vni.ok ? parsed({ kind: 'active', vni: vni.value }) : vni
}

/** Accepts decimal 1..16777214; 16777215 is left out because peers use it as a wildcard. */
export function parseVni(number: number | string): Parsed<Vni> {
  const text = String(number)
  const vni = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  if (vni >= 1 && vni <= largestVni) return parsed(vni as Vni)
  return refused(text, `is not a VNI: expected a number from 1 to ${String(largestVni)}`)
}
