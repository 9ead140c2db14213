import type { Uuid } from '../ovsdb/notation.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import { parseTunnelKey, type Vni } from '../schema/vni.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/**
 * The logical switches that carry traffic here: bound, and with a VNI that no other one has.
 *
 * An empty or zero tunnel_key means "not in use" (OVN writes both) and is no fault. Of several bound switches with one VNI the
 * one that the kernel has already stays, else the one with the lowest UUID.
 */
export function readSwitchKeys(
  table: ReadonlyMap<Uuid, LogicalSwitchRow>,
  bound: ReadonlySet<Uuid>,
  present: ReadonlyMap<Uuid, Vni>,
): { readonly switches: ReadonlyMap<Uuid, Vni>; readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = []
  const owners = new Map<Vni, LogicalSwitchRow>()
  for (const row of [...table.values()].sort((a, b) => (a._uuid < b._uuid ? -1 : 1))) {
    const key = parseTunnelKey(row.tunnel_key)
    if (!key.ok) {
      refusals.push(refuse(row, `tunnel_key ${key.reason}`))
      continue
    }
    if (key.value.kind === 'inactive' || !bound.has(row._uuid)) continue
    const { vni } = key.value
    const rival = owners.get(vni)
    const wins = rival === undefined || present.get(row._uuid) === vni
    const [owner, loser] = wins ? [row, rival] : [rival, row]
    owners.set(vni, owner)
    if (loser !== undefined)
      refusals.push(refuse(loser, `tunnel_key ${vni} is that of the logical switch ${owner.name}`))
  }
  return { switches: new Map([...owners].map(([vni, { _uuid }]) => [_uuid, vni])), refusals }
}

function refuse({ _uuid, name }: LogicalSwitchRow, reason: string): Refusal {
  return { table: 'Logical_Switch', row: _uuid, subject: name, reason, fault: UNSPECIFIED }
}
