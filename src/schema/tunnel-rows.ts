import type { Uuid } from '../ovsdb/notation.js'
import type { PhysicalLocatorRow, TunnelRow } from './rows.generated.js'

/**
 * The rows of Physical_Switch.tunnels by the address of their remote locator. Several may lead to one address, since a locator
 * with a key of its own is another row: the one that the controller wrote bfd_params to stands, else the one with the lowest UUID.
 *
 * @param ids Physical_Switch.tunnels
 */
export function tunnelsByRemote(
  ids: readonly Uuid[],
  tunnels: ReadonlyMap<Uuid, TunnelRow>,
  locators: ReadonlyMap<Uuid, PhysicalLocatorRow>,
): ReadonlyMap<string, TunnelRow> {
  const standing = new Map<string, TunnelRow>()
  for (const id of ids) {
    const row = tunnels.get(id)
    const address = row === undefined ? undefined : locators.get(row.remote)?.dst_ip
    if (row === undefined || address === undefined) continue
    const rival = standing.get(address)
    if (rival === undefined || precedes(row, rival)) standing.set(address, row)
  }
  return standing
}

function precedes(a: TunnelRow, b: TunnelRow): boolean {
  const [aIsAsked, bIsAsked] = [a.bfd_params.size > 0, b.bfd_params.size > 0]
  return aIsAsked === bIsAsked ? a._uuid < b._uuid : aIsAsked
}
