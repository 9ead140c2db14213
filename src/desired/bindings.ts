import type { Uuid } from '../ovsdb/notation.js'
import type { LogicalSwitchRow, PhysicalPortRow } from '../schema/rows.generated.js'
import { parseVlanId } from '../schema/vlan-id.js'
import type { Binding } from './forwarding.js'
import type { OwnSwitch } from './own-switch.js'
import type { PortFault, Refusal } from './refusal.js'

/** Reads Physical_Port.vlan_bindings of this gateway's ports. */
export function readBindings(
  { ports, deviceless }: OwnSwitch,
  switches: ReadonlyMap<Uuid, LogicalSwitchRow>,
): { readonly bindings: readonly Binding[]; readonly refusals: readonly Refusal[] } {
  const bindings: Binding[] = []
  const refusals: Refusal[] = []
  for (const { row, netdev } of ports) {
    for (const [number, switchId] of row.vlan_bindings) {
      const vlan = parseVlanId(number)
      if (vlan.ok) bindings.push({ netdev, vlan: vlan.value, switchId })
      else
        refusals.push(refuse(row, `binding of ${nameOf(switchId, switches)}: VLAN ${vlan.reason}`, 'invalid_vlan_map'))
    }
  }
  for (const row of deviceless) {
    if (row.vlan_bindings.size === 0) continue
    refusals.push(
      refuse(
        row,
        'it has bindings, and this gateway has no port of its name (or a second row has it)',
        'unspecified_fault',
      ),
    )
  }
  return { bindings, refusals }
}

function refuse(row: PhysicalPortRow, reason: string, key: PortFault): Refusal {
  return {
    table: 'Physical_Port',
    row: row._uuid,
    subject: row.name,
    reason,
    fault: { on: 'port', port: row._uuid, key },
  }
}

function nameOf(id: Uuid, switches: ReadonlyMap<Uuid, LogicalSwitchRow>): string {
  return switches.get(id)?.name ?? id
}
