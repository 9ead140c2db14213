import type { Replica } from '../ovsdb/replica.js'
import { update } from '../schema/operations.js'
import type { Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import { says } from './faults.js'
import type { Publication } from './publication.js'

const NONE: ReadonlySet<string> = new Set()

/**
 * Logical_Router.LR_fault_status. A router is no switch's own: in a database of several switches another one may serve it and clear
 * what we would set, so there it is left alone and `lr_support_fault` of our switch says it.
 */
export function publishRouterFaults(draft: Draft, replica: Replica<Tables>, { routerFaults }: Publication): void {
  if (replica.table('Physical_Switch').size > 1) return
  for (const [id, { LR_fault_status }] of replica.table('Logical_Router')) {
    const faults = routerFaults.get(id) ?? NONE
    if (says(LR_fault_status, faults)) continue
    draft.operations.push(update('Logical_Router', [['_uuid', '==', id]], { LR_fault_status: [...faults] }))
  }
}
