import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'

/** A VLAN as Physical_Port.vlan_bindings counts them: 1..4094, and 0 for untagged frames. */
export type VlanId = number & { readonly __brand: 'VlanId' }

/** Accepts decimal 0..4094. The schema also lets 4095 pass, which IEEE 802.1Q reserves (section 9.6, table 9-2). */
export function parseVlanId(number: number | string): Parsed<VlanId> {
  const text = String(number)
  const vlan = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN
  if (vlan >= 0 && vlan <= 4094) return parsed(vlan as VlanId)
  return refused(text, 'is not a VLAN: expected a number from 0 (untagged) to 4094')
}
