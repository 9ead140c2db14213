import type { NamedUuid, Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import { mutate } from '../schema/operations.js'
import type { PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import type { LocatorIndex, OwnEndPoint } from './end-points.js'
import type { Publication } from './publication.js'

/**
 * Physical_Switch.tunnels: a row for each remote VTEP in use, the place where a controller asks for BFD. A row holds both its
 * locators in the database, so one that is not in use any more is let go.
 */
export function publishTunnels(
  draft: Draft,
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  { remoteIps }: Publication,
  own: OwnEndPoint | undefined,
  index: LocatorIndex,
): void {
  const missing = new Map<Uuid, string>()
  for (const ip of remoteIps) {
    const locator = index.get(ip)?._uuid
    if (locator !== undefined) missing.set(locator, ip)
  }
  const unused: Uuid[] = []
  for (const id of row.tunnels) {
    const tunnel = replica.table('Tunnel').get(id)
    const isUsed = tunnel !== undefined && own?.isLocator(tunnel.local) === true && missing.delete(tunnel.remote)
    if (!isUsed) unused.push(id)
  }
  const made: NamedUuid[] = []
  if (own !== undefined) {
    for (const remote of missing.keys()) made.push(draft.insert('Tunnel', { local: own.locator(), remote }))
  }
  const where = [['_uuid', '==', row._uuid]] as const
  if (made.length > 0) draft.operations.push(mutate('Physical_Switch', where, [['tunnels', 'insert', made]]))
  if (unused.length > 0) draft.operations.push(mutate('Physical_Switch', where, [['tunnels', 'delete', unused]]))
}
