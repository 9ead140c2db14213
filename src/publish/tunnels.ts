import type { NamedUuid, Uuid } from '../ovsdb/notation.js'
import type { WrittenRow } from '../ovsdb/operation.js'
import type { Replica } from '../ovsdb/replica.js'
import { BFD_CONFIG_LOCAL } from '../schema/bfd-config.js'
import { parseTunnelAddress } from '../schema/ip-address.js'
import { mutate, update } from '../schema/operations.js'
import type { PhysicalSwitchRow, Tables, TunnelRow } from '../schema/rows.generated.js'
import { tunnelsByRemote } from '../schema/tunnel-rows.js'
import type { Draft } from './draft.js'
import { indexLocators, type OwnEndPoint } from './end-points.js'
import { othersUse } from './others-use.js'
import type { Publication } from './publication.js'
import type { RemoteLocators } from './remote-locators.js'

const NO_STATUS: ReadonlyMap<string, string> = new Map()

/**
 * Physical_Switch.tunnels: a row for each remote VTEP that rows of the remote tables name, the place where a controller asks for
 * BFD. It stays as long as they name the VTEP, whether the logical switch is bound and has a key or not, since it carries what the
 * controller wrote; while we have no address, too. It holds both its locators in the database, and a controller that makes a locator
 * that is there is refused: so one that nothing but Tunnel rows names is let go.
 *
 * In a database of several switches none is made for what others alone have bound; a row that is there stays all the same, since it
 * may have been ours before.
 */
export function publishTunnels(
  draft: Draft,
  replica: Replica<Tables>,
  row: PhysicalSwitchRow,
  { bfdStatus, tunnelIp }: Publication,
  own: OwnEndPoint | undefined,
  named: RemoteLocators,
): void {
  const locators = replica.table('Physical_Locator')
  const present = tunnelsByRemote(row.tunnels, replica.table('Tunnel'), locators)
  const ends = [...named.keys()].flatMap((id) => locators.get(id) ?? [])
  const remotes = indexLocators(ends.filter(({ dst_ip }) => dst_ip !== tunnelIp && parseTunnelAddress(dst_ip).ok))
  const { alone: foreign } = othersUse(replica, row, ({ vlan_bindings }) => vlan_bindings.values())
  const concerned = new Set(
    ends.filter(({ _uuid }) => isNamedBeyond(foreign, named, _uuid)).map(({ dst_ip }) => dst_ip),
  )
  const used = new Set<Uuid>()
  const made: NamedUuid[] = []
  for (const ip of own === undefined ? present.keys() : remotes.keys()) {
    const tunnel = present.get(ip)
    const remote = remotes.get(ip)?._uuid
    if (tunnel !== undefined) {
      used.add(tunnel._uuid)
      publishEnds(draft, tunnel, own, named.has(tunnel.remote) ? undefined : remote)
      publishBfd(draft, tunnel, bfdStatus.get(ip) ?? NO_STATUS)
    } else if (own !== undefined && remote !== undefined && concerned.has(ip)) {
      made.push(draft.insert('Tunnel', { local: own.locator(), remote, bfd_config_local: BFD_CONFIG_LOCAL }))
    }
  }
  const unused = row.tunnels.filter((id) => !used.has(id))
  const where = [['_uuid', '==', row._uuid]] as const
  if (made.length > 0) draft.operations.push(mutate('Physical_Switch', where, [['tunnels', 'insert', made]]))
  if (unused.length > 0) draft.operations.push(mutate('Physical_Switch', where, [['tunnels', 'delete', unused]]))
}

/** Whether rows of another logical switch than these name the locator. */
function isNamedBeyond(foreign: ReadonlySet<Uuid>, named: RemoteLocators, locator: Uuid): boolean {
  for (const id of named.get(locator)?.keys() ?? []) if (!foreign.has(id)) return true
  return false
}

/** @param remote the locator that is to stand in the place of one that is not in use any more. */
function publishEnds(draft: Draft, tunnel: TunnelRow, own: OwnEndPoint | undefined, remote: Uuid | undefined): void {
  const columns: WrittenRow<TunnelRow> = {
    ...(own === undefined || own.isLocator(tunnel.local) ? {} : { local: own.locator() }),
    ...(remote === undefined ? {} : { remote }),
  }
  if (Object.keys(columns).length > 0) draft.operations.push(update('Tunnel', [['_uuid', '==', tunnel._uuid]], columns))
}

/** What of BFD is ours: bfd_status, which is ephemeral, and the keys of bfd_config_local, where somebody may have put other values. */
function publishBfd(draft: Draft, tunnel: TunnelRow, status: ReadonlyMap<string, string>): void {
  const where = [['_uuid', '==', tunnel._uuid]] as const
  const missing = new Map([...BFD_CONFIG_LOCAL].filter(([key]) => !tunnel.bfd_config_local.has(key)))
  if (missing.size > 0) draft.operations.push(mutate('Tunnel', where, [['bfd_config_local', 'insert', missing]]))
  if (!says(tunnel.bfd_status, status)) draft.operations.push(update('Tunnel', where, { bfd_status: status }))
}

function says(column: ReadonlyMap<string, string>, status: ReadonlyMap<string, string>): boolean {
  return column.size === status.size && [...status].every(([key, value]) => column.get(key) === value)
}
