import type { Replica } from '../ovsdb/replica.js'
import { update } from '../schema/operations.js'
import type { PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import type { Publication } from './publication.js'

/**
 * switch_fault_status and port_fault_status: set while something is not served, cleared when the cause is gone. Both are
 * ephemeral: after a restart of ovsdb-server they are empty in the replica, and written again.
 */
export function publishFaults(
  draft: Draft,
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  { switchFaults, portFaults }: Publication,
): void {
  if (!says(row.switch_fault_status, switchFaults)) {
    const columns = { switch_fault_status: [...switchFaults] }
    draft.operations.push(update('Physical_Switch', [['_uuid', '==', row._uuid]], columns))
  }
  for (const id of row.ports) {
    const port = replica.table('Physical_Port').get(id)
    const faults = portFaults.get(id) ?? new Set()
    if (port === undefined || says(port.port_fault_status, faults)) continue
    draft.operations.push(update('Physical_Port', [['_uuid', '==', id]], { port_fault_status: [...faults] }))
  }
}

/** Whether a fault column holds just these keys. */
export function says(column: readonly string[], keys: ReadonlySet<string>): boolean {
  return column.length === keys.size && column.every((key) => keys.has(key))
}
