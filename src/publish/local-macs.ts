import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { unknownDst } from '../schema/multicast-destination.js'
import { remove, update } from '../schema/operations.js'
import type { Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import type { OwnEndPoint } from './end-points.js'
import type { Publication } from './publication.js'

type Ownership = (locator: Uuid) => boolean

/**
 * Ucast_Macs_Local: a row for each MAC learned in a bound logical switch. With the last binding they go at once: a logical
 * switch cannot be deleted while a row refers to it.
 */
export function publishUcastMacs(
  draft: Draft,
  replica: Replica<Tables>,
  { bound, localMacs }: Publication,
  own: OwnEndPoint | undefined,
  isOurs: Ownership,
): void {
  const missing = new Map<Uuid, Set<string>>()
  if (own !== undefined) for (const id of bound) missing.set(id, new Set(localMacs.get(id)))
  for (const [uuid, row] of replica.table('Ucast_Macs_Local')) {
    if (!isOurs(row.locator)) continue
    const where = [['_uuid', '==', uuid]] as const
    // The first row of a MAC stays; a second one is as superfluous as one of a forgotten MAC.
    if (missing.get(row.logical_switch)?.delete(row.MAC) !== true) {
      draft.operations.push(remove('Ucast_Macs_Local', where))
    } else if (own?.isLocator(row.locator) === false) {
      draft.operations.push(update('Ucast_Macs_Local', where, { locator: own.locator() }))
    }
  }
  if (own === undefined) return
  for (const [logical_switch, macs] of missing) {
    for (const MAC of macs) draft.insert('Ucast_Macs_Local', { MAC, logical_switch, locator: own.locator() })
  }
}

/** Mcast_Macs_Local: `unknown-dst` for each bound logical switch says where the controller's VTEPs send BUM for it. */
export function publishUnknownDestinations(
  draft: Draft,
  replica: Replica<Tables>,
  { bound }: Publication,
  own: OwnEndPoint | undefined,
  isOurs: Ownership,
): void {
  const missing = new Set(own === undefined ? [] : bound)
  const sets = replica.table('Physical_Locator_Set')
  for (const [uuid, row] of replica.table('Mcast_Macs_Local')) {
    if (sets.get(row.locator_set)?.locators.some(isOurs) !== true) continue
    const where = [['_uuid', '==', uuid]] as const
    if (row.MAC !== unknownDst || !missing.delete(row.logical_switch)) {
      draft.operations.push(remove('Mcast_Macs_Local', where))
    } else if (own?.isLocatorSet(row.locator_set) === false) {
      draft.operations.push(update('Mcast_Macs_Local', where, { locator_set: own.locatorSet() }))
    }
  }
  if (own === undefined) return
  for (const logical_switch of missing) {
    draft.insert('Mcast_Macs_Local', { MAC: unknownDst, logical_switch, locator_set: own.locatorSet() })
  }
}
