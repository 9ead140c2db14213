import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { update } from '../schema/operations.js'
import type { PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import { says } from './faults.js'
import { othersUse } from './others-use.js'
import type { Publication } from './publication.js'

/**
 * ACL.acl_fault_status and ACL_entry.acle_fault_status of the ACLs that our ports have, and, since they were ours to fill when
 * they were last bound, of those that no port has. What another switch alone has is for that one to say.
 *
 * Of an ACL that another switch has, too, each says what its rows say, which is the same for all. That rules do not fit is true of one
 * box and not of the next, and each would clear what the other sets: there `invalid_ACL_binding` of the port says it.
 */
export function publishAclFaults(
  draft: Draft,
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  { aclFaults, aclEntryFaults }: Publication,
): void {
  const { alone, shared } = othersUse(replica, row, ({ acl_bindings }) => acl_bindings.values())
  const entries = entriesOfAlone(replica, alone)
  for (const [id, { acl_fault_status }] of replica.table('ACL')) {
    const faults = shared.has(id) ? withoutShortage(aclFaults.get(id)) : (aclFaults.get(id) ?? NONE)
    if (alone.has(id) || says(acl_fault_status, faults)) continue
    draft.operations.push(update('ACL', [['_uuid', '==', id]], { acl_fault_status: [...faults] }))
  }
  for (const [id, { acle_fault_status }] of replica.table('ACL_entry')) {
    const faults = aclEntryFaults.get(id) ?? NONE
    if (says(acle_fault_status, faults) || entries.has(id)) continue
    draft.operations.push(update('ACL_entry', [['_uuid', '==', id]], { acle_fault_status: [...faults] }))
  }
}

const NONE: ReadonlySet<string> = new Set()

function withoutShortage(faults: ReadonlySet<string> = NONE): ReadonlySet<string> {
  return new Set([...faults].filter((key) => key !== 'resource_shortage'))
}

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
