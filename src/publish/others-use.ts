import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { PhysicalPortRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'

/** What ports of other switches in the database refer to. */
export interface OthersUse {
  /** They, and none of ours. */
  readonly alone: ReadonlySet<Uuid>
  /** They and ours. */
  readonly shared: ReadonlySet<Uuid>
}

const NOTHING: OthersUse = { alone: new Set(), shared: new Set() }

/**
 * @param row our Physical_Switch
 * @param referred what a port refers to
 */
export function othersUse(
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  referred: (port: PhysicalPortRow) => Iterable<Uuid>,
): OthersUse {
  if (replica.table('Physical_Switch').size < 2) return NOTHING
  const ourPorts = new Set(row.ports)
  const [ours, alone, shared] = [new Set<Uuid>(), new Set<Uuid>(), new Set<Uuid>()]
  for (const [id, port] of replica.table('Physical_Port')) {
    for (const target of referred(port)) (ourPorts.has(id) ? ours : alone).add(target)
  }
  for (const target of ours) if (alone.delete(target)) shared.add(target)
  return { alone, shared }
}
