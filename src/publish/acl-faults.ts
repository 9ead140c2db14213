import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { update } from '../schema/operations.js'
import type { PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import { says } from './faults.js'
import { othersAlone } from './others-alone.js'
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
  const acls = othersAlone(replica, row, ({ acl_bindings }) => acl_bindings.values())
  const entries = entriesOfAlone(replica, acls)
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

/** Entries of these ACLs and of no other. */
function entriesOfAlone(replica: Replica<Tables>, acls: ReadonlySet<Uuid>): ReadonlySet<Uuid> {
  const [alone, shared] = [new Set<Uuid>(), new Set<Uuid>()]
  if (acls.size === 0) return alone
  for (const [id, { acl_entries }] of replica.table('ACL')) {
    for (const entry of acl_entries) (acls.has(id) ? alone : shared).add(entry)
  }
  for (const entry of shared) alone.delete(entry)
  return alone
}
