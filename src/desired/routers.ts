import type { Uuid } from '../ovsdb/notation.js'
import type { LogicalRouterRow } from '../schema/rows.generated.js'
import type { Refusal, RouterFault } from './refusal.js'

/**
 * Routing between logical switches is not served. The switch says that it does not support it (lr_support_fault); each router says
 * that it was not configured, and that its ACLs are associated with nothing.
 */
export function refuseRouters(table: ReadonlyMap<Uuid, LogicalRouterRow>): readonly Refusal[] {
  return [...table.values()].flatMap((row) => {
    const subject = { table: 'Logical_Router', row: row._uuid, subject: row.name } as const
    const refuse = (reason: string, key: RouterFault): Refusal => ({
      ...subject,
      reason,
      fault: { on: 'router', router: row._uuid, key },
    })
    const refusals: Refusal[] = [
      {
        ...subject,
        reason: 'routing between logical switches is not supported',
        fault: { on: 'switch', key: 'lr_support_fault' },
      },
      refuse('the router is not configured here', 'unspecified_fault'),
    ]
    if (row.acl_binding.size > 0) refusals.push(refuse('its ACLs keep back nothing', 'invalid_ACL_binding'))
    return refusals
  })
}
