import type { Uuid } from '../ovsdb/notation.js'
import type { ReservedVlans } from '../schema/reserved-vlans.js'
import type { LogicalSwitchRow, PhysicalPortRow } from '../schema/rows.generated.js'
import { parseVlanId, type VlanId } from '../schema/vlan-id.js'
import type { Binding } from './forwarding.js'
import { NO_DEVICE, type OwnSwitch } from './own-switch.js'
import type { PortFault, Refusal } from './refusal.js'

/** Reads Physical_Port.vlan_bindings of this gateway's ports. */
export function readBindings(
  { ports, deviceless }: OwnSwitch,
  switches: ReadonlyMap<Uuid, LogicalSwitchRow>,
  reserved: readonly ReservedVlans[],
): { readonly bindings: readonly Binding[]; readonly refusals: readonly Refusal[] } {
  const bindings: Binding[] = []
  const refusals: Refusal[] = []
  for (const { row, netdev } of ports) {
    const reservations = reserved.filter(({ port }) => port === undefined || port === row.name)
    for (const [number, switchId] of row.vlan_bindings) {
      const vlan = parseVlanId(number)
      const objection = vlan.ok ? objectionTo(vlan.value, reservations) : `VLAN ${vlan.reason}`
      if (vlan.ok && objection === undefined) bindings.push({ netdev, vlan: vlan.value, switchId })
      else {
        const reason = `binding of ${nameOf(switchId, switches)}: ${objection}`
        refusals.push({ ...refuse(row, reason, 'invalid_vlan_map'), vlan: number })
      }
    }
  }
  for (const row of deviceless) {
    if (row.vlan_bindings.size === 0) continue
    refusals.push(refuse(row, `it has bindings, and ${NO_DEVICE}`, 'unspecified_fault'))
  }
  return { bindings, refusals }
}

/** Why a VLAN cannot be bound on a port for which these reservations hold. */
function objectionTo(vlan: VlanId, reservations: readonly ReservedVlans[]): string | undefined {
  const reservation = reservations.find(({ vlans }) => vlans.has(vlan))
  if (reservation === undefined) return undefined
  const what = vlan === 0 ? 'untagged frames are' : `VLAN ${vlan} is`
  return `${what} reserved on ${reservation.port ?? 'every port'} by reserved-vlans of the configuration`
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
