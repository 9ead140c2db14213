import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { update } from '../schema/operations.js'
import type { PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import { says } from './faults.js'
import type { Publication } from './publication.js'

/**
 * ACL.acl_fault_status and ACL_entry.acle_fault_status of the ACLs that our ports have, and, since they were ours to fill when
 * they were last bound, of those that no port has. What another switch alone has is for that one to say.
 */
export function publishAclFaults(
  draft: Draft,
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  { aclFaults, aclEntryFaults }: Publication,
): void {
  const { acls, entries } = othersAlone(replica, row)
  for (const [id, { acl_fault_status }] of replica.table('ACL')) {
    const faults = aclFaults.get(id) ?? NONE
    if (acls.has(id) || says(acl_fault_status, faults)) continue
    draft.operations.push(update('ACL', [['_uuid', '==', id]], { acl_fault_status: [...faults] }))
  }
  for (const [id, { acle_fault_status }] of replica.table('ACL_entry')) {
    const faults = aclEntryFaults.get(id) ?? NONE
    if (says(acle_fault_status, faults) || entries.has(id)) continue
    draft.operations.push(update('ACL_entry', [['_uuid', '==', id]], { acle_fault_status: [...faults] }))
  }
}

const NONE: ReadonlySet<string> = new Set()

/** ACLs, and their entries, that ports of other switches have and ours have not. */
function othersAlone(
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
): { readonly acls: ReadonlySet<Uuid>; readonly entries: ReadonlySet<Uuid> } {
  const ourPorts = new Set(row.ports)
  const ours = new Set<Uuid>()
  const acls = new Set<Uuid>()
  for (const [id, { acl_bindings }] of replica.table('Physical_Port')) {
    for (const acl of acl_bindings.values()) (ourPorts.has(id) ? ours : acls).add(acl)
  }
  for (const acl of ours) acls.delete(acl)
  const entriesOf = (ids: ReadonlySet<Uuid>): Uuid[] =>
    [...ids].flatMap((id) => replica.table('ACL').get(id)?.acl_entries ?? [])
  const entries = new Set(entriesOf(acls))
  for (const entry of entriesOf(ours)) entries.delete(entry)
  return { acls, entries }
}
