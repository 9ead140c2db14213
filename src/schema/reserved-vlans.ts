import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'
import { parseVlanId, type VlanId } from './vlan-id.js'

/** VLANs that no controller may bind: the box or what is around it uses them for something else. */
export interface ReservedVlans {
  /** Physical_Port.name; undefined: every port. */
  readonly port: string | undefined
  readonly vlans: ReadonlySet<VlanId>
}

/** Reads `[PORT=]VLANS`, where VLANS are numbers and ranges, as in `1, 100-199, 4000`. The name of a port may hold a `=`. */
export function parseReservedVlans(text: string): Parsed<ReservedVlans> {
  const cut = text.lastIndexOf('=')
  const port = cut < 0 ? undefined : text.slice(0, cut)
  if (port === '') return refused(text, 'names no port before the =')
  const vlans = new Set<VlanId>()
  for (const item of text.slice(cut + 1).split(',')) {
    const range = parseRange(item.trim())
    if (!range.ok) return refused(text, `says no VLANs: ${range.reason}`)
    const { first, last } = range.value
    for (let vlan = first; vlan <= last; vlan = (vlan + 1) as VlanId) vlans.add(vlan)
  }
  return parsed({ port, vlans })
}

function parseRange(text: string): Parsed<{ readonly first: VlanId; readonly last: VlanId }> {
  const [, from, to] = /^([0-9]+)(?: *- *([0-9]+))?$/.exec(text) ?? []
  if (from === undefined) return refused(text, 'is neither a number nor a range like 100-199')
  const first = parseVlanId(from)
  if (!first.ok) return first
  const last = parseVlanId(to ?? from)
  if (!last.ok) return last
  if (first.value > last.value) return refused(text, 'ends before it begins')
  return parsed({ first: first.value, last: last.value })
}
