import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { PhysicalPortRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'

const NONE: ReadonlySet<Uuid> = new Set()

/**
 * What ports of other switches in the database refer to, and ours do not.
 *
 * @param row our Physical_Switch
 * @param referred what a port refers to
 */
export function othersAlone(
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  referred: (port: PhysicalPortRow) => Iterable<Uuid>,
): ReadonlySet<Uuid> {
  if (replica.table('Physical_Switch').size < 2) return NONE
  const ourPorts = new Set(row.ports)
  const [ours, others] = [new Set<Uuid>(), new Set<Uuid>()]
  for (const [id, port] of replica.table('Physical_Port')) {
    for (const target of referred(port)) (ourPorts.has(id) ? ours : others).add(target)
  }
  for (const target of ours) others.delete(target)
  return others
}
