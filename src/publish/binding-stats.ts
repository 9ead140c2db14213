import type { NamedUuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { mutate, update } from '../schema/operations.js'
import type { LogicalBindingStatsRow, PhysicalPortRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import type { BindingTotals, Publication } from './publication.js'

/**
 * Physical_Port.vlan_stats: what each binding carried. `*_from_local` is what the server sent into the logical switch
 * (vtep.xml, Logical_Binding_Stats: "sent by the physical switch"), `*_to_local` what it was sent.
 */
export function publishBindingStats(
  draft: Draft,
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  { totals }: Publication,
): void {
  const byPort = groupByPort(totals)
  const taken = new Set<string>()
  for (const id of row.ports) {
    const port = replica.table('Physical_Port').get(id)
    if (port === undefined || taken.has(port.name)) continue
    taken.add(port.name)
    publishPort(draft, replica, port, byPort.get(port.name) ?? new Map())
  }
}

function publishPort(
  draft: Draft,
  replica: Replica<Tables>,
  port: PhysicalPortRow,
  totals: ReadonlyMap<number, BindingTotals>,
): void {
  const stats = replica.table('Logical_Binding_Stats')
  const made = new Map<number, NamedUuid>()
  for (const vlan of port.vlan_bindings.keys()) {
    const sample = totals.get(vlan)
    if (sample === undefined) continue
    const id = port.vlan_stats.get(vlan)
    const present = id === undefined ? undefined : stats.get(id)
    const columns = columnsOf(sample)
    if (present === undefined) made.set(vlan, draft.insert('Logical_Binding_Stats', columns))
    else if (!saysSame(present, columns)) {
      draft.operations.push(update('Logical_Binding_Stats', [['_uuid', '==', present._uuid]], columns))
    }
  }
  const unbound = [...port.vlan_stats.keys()].filter((vlan) => !port.vlan_bindings.has(vlan))
  const where = [['_uuid', '==', port._uuid]] as const
  if (unbound.length > 0) draft.operations.push(mutate('Physical_Port', where, [['vlan_stats', 'delete', unbound]]))
  if (made.size > 0) draft.operations.push(mutate('Physical_Port', where, [['vlan_stats', 'insert', made]]))
}

type Columns = Omit<LogicalBindingStatsRow, '_uuid'>

/** OVSDB integers are 64 bits wide, and a double is exact to 2^53: 9 petabytes. */
function columnsOf(totals: BindingTotals): Columns {
  return {
    packets_from_local: Number(totals.packetsFromLocal),
    bytes_from_local: Number(totals.bytesFromLocal),
    packets_to_local: Number(totals.packetsToLocal),
    bytes_to_local: Number(totals.bytesToLocal),
  }
}

function saysSame(row: LogicalBindingStatsRow, columns: Columns): boolean {
  return (
    row.packets_from_local === columns.packets_from_local &&
    row.bytes_from_local === columns.bytes_from_local &&
    row.packets_to_local === columns.packets_to_local &&
    row.bytes_to_local === columns.bytes_to_local
  )
}

function groupByPort(totals: readonly BindingTotals[]): ReadonlyMap<string, Map<number, BindingTotals>> {
  const groups = new Map<string, Map<number, BindingTotals>>()
  for (const sample of totals) {
    const group = groups.get(sample.port) ?? new Map<number, BindingTotals>()
    group.set(sample.vlan, sample)
    groups.set(sample.port, group)
  }
  return groups
}
