import type { Uuid } from '../ovsdb/notation.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import { parseTunnelKey, type Vni } from '../schema/vni.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** Of the logical switches that are bound here. */
export interface SwitchKeys {
  readonly switches: ReadonlyMap<Uuid, Vni>
  /** Those without a key. */
  readonly keyless: ReadonlySet<Uuid>
  readonly refusals: readonly Refusal[]
}

/**
 * The logical switches with a VNI that no other one has.
 *
 * An empty or zero tunnel_key means "not in use" (OVN writes both) or "a key per locator", and is no fault. Of several bound switches with one VNI the
 * one that the kernel has already stays, else the one with the lowest UUID.
 */
export function readSwitchKeys(
  table: ReadonlyMap<Uuid, LogicalSwitchRow>,
  bound: ReadonlySet<Uuid>,
  present: ReadonlyMap<Uuid, Vni | null>,
): SwitchKeys {
  const keyless = new Set<Uuid>()
  const refusals: Refusal[] = []
  const claims = new Map<Vni, LogicalSwitchRow[]>()
  for (const row of table.values()) {
    const key = parseTunnelKey(row.tunnel_key)
    if (!key.ok) {
      refusals.push(refuse(row, `tunnel_key ${key.reason}`))
    } else if (!bound.has(row._uuid)) {
      continue
    } else if (key.value.kind === 'inactive') {
      keyless.add(row._uuid)
    } else {
      const { vni } = key.value
      const rivals = claims.get(vni)
      if (rivals === undefined) claims.set(vni, [row])
      else rivals.push(row)
    }
  }
  const switches = new Map<Uuid, Vni>()
  for (const [vni, claimants] of claims) {
    const [first, ...later] = claimants.sort((a, b) => (a._uuid < b._uuid ? -1 : 1))
    if (first === undefined) continue
    const owner = later.find(({ _uuid }) => present.get(_uuid) === vni && present.get(first._uuid) !== vni) ?? first
    switches.set(owner._uuid, vni)
    for (const row of claimants) {
      if (row !== owner) refusals.push(refuse(row, `tunnel_key ${vni} is that of the logical switch ${owner.name}`))
    }
  }
  return { switches, keyless, refusals }
}

function refuse({ _uuid, name }: LogicalSwitchRow, reason: string): Refusal {
  return { table: 'Logical_Switch', row: _uuid, subject: name, reason, fault: UNSPECIFIED }
}
