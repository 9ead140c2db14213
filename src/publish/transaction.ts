import type { Operation } from '../ovsdb/operation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { Tables } from '../schema/rows.generated.js'
import { publishAclFaults } from './acl-faults.js'
import { publishBindingStats } from './binding-stats.js'
import { createDraft } from './draft.js'
import { indexLocators, ownEndPoint, ownershipOf } from './end-points.js'
import { publishFaults } from './faults.js'
import { publishUcastMacs, publishUnknownDestinations } from './local-macs.js'
import { publishOwnRows } from './own-rows.js'
import type { Publication } from './publication.js'
import { createRemoteLocatorReader } from './remote-locators.js'
import { publishRouterFaults } from './router-faults.js'
import { publishTunnels } from './tunnels.js'

/**
 * Makes the function that builds the operations that make the database say what it is to say on this gateway's part; none when it
 * says so already.
 *
 * The switch's own row is made by a first transaction; what refers to it follows when the replica has it.
 */
export function createTransactionBuilder(): (
  replica: Replica<Tables>,
  publication: Publication,
) => readonly Operation[] {
  const readRemoteLocators = createRemoteLocatorReader()
  return (replica, publication) => {
    const draft = createDraft()
    publishOwnRows(draft, replica, publication)
    const row = [...replica.table('Physical_Switch').values()].find(({ name }) => name === publication.switchName)
    if (row === undefined) return draft.operations

    const { tunnelIp, switchName } = publication
    const index = indexLocators(replica.table('Physical_Locator').values())
    const own = tunnelIp === undefined ? undefined : ownEndPoint(draft, replica, index, tunnelIp)
    const isOurs = ownershipOf(replica, switchName, tunnelIp)
    publishUcastMacs(draft, replica, publication, own, isOurs)
    publishUnknownDestinations(draft, replica, publication, own, isOurs)
    publishTunnels(draft, replica, row, publication, own, readRemoteLocators(replica))
    publishFaults(draft, replica, row, publication)
    publishAclFaults(draft, replica, row, publication)
    publishRouterFaults(draft, replica, publication)
    publishBindingStats(draft, replica, row, publication)
    return draft.operations
  }
}
