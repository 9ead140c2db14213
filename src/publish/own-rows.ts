import type { NamedUuid } from '../ovsdb/notation.js'
import type { WrittenRow } from '../ovsdb/operation.js'
import type { Replica } from '../ovsdb/replica.js'
import { mutate, update, wait } from '../schema/operations.js'
import type { GlobalRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { Draft } from './draft.js'
import type { Publication } from './publication.js'

/**
 * The rows that say that this gateway exists: Global, Physical_Switch, Physical_Port, Manager. They are found by name, made
 * where missing, and never made anew: controllers know them by UUID, and delete users' configuration with a port's row.
 *
 * Physical_Port.name has no index that would refuse a second row: a `wait` on the column that gets the new rows refuses the transaction
 * when somebody else added one since the replica was told.
 */
export function publishOwnRows(draft: Draft, replica: Replica<Tables>, publication: Publication): void {
  const global = [...replica.table('Global').values()][0]
  const managers = newManagers(draft, replica, publication.managers)
  const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === publication.switchName)
  const switches = own === undefined ? [insertSwitch(draft, publication)] : []
  if (own !== undefined) updateSwitch(draft, replica, own, publication)
  writeGlobal(draft, global, managers, switches)
}

function writeGlobal(
  draft: Draft,
  global: GlobalRow | undefined,
  managers: readonly NamedUuid[],
  switches: readonly NamedUuid[],
): void {
  if (global === undefined) {
    draft.insert('Global', { managers, switches })
    return
  }
  const where = [['_uuid', '==', global._uuid]] as const
  if (switches.length > 0) {
    const rows = [{ switches: global.switches }]
    draft.operations.push(wait('Global', { where, until: '==', columns: ['switches'], rows }))
  }
  if (managers.length > 0) draft.operations.push(mutate('Global', where, [['managers', 'insert', managers]]))
  if (switches.length > 0) draft.operations.push(mutate('Global', where, [['switches', 'insert', switches]]))
}

function newManagers(draft: Draft, replica: Replica<Tables>, targets: readonly string[]): NamedUuid[] {
  const present = new Set([...replica.table('Manager').values()].map(({ target }) => target))
  return [...new Set(targets)]
    .filter((target) => !present.has(target))
    .map((target) => draft.insert('Manager', { target }))
}

function insertSwitch(draft: Draft, publication: Publication): NamedUuid {
  const ports = publication.ports.map((name) => draft.insert('Physical_Port', { name }))
  return draft.insert('Physical_Switch', { name: publication.switchName, ports, ...ownColumns(publication) })
}

function updateSwitch(draft: Draft, replica: Replica<Tables>, row: PhysicalSwitchRow, publication: Publication): void {
  const where = [['_uuid', '==', row._uuid]] as const
  const present = new Set(row.ports.map((id) => replica.table('Physical_Port').get(id)?.name))
  const ports = publication.ports
    .filter((name) => !present.has(name))
    .map((name) => draft.insert('Physical_Port', { name }))
  if (ports.length > 0) {
    const rows = [{ ports: row.ports }]
    draft.operations.push(wait('Physical_Switch', { where, until: '==', columns: ['ports'], rows }))
    draft.operations.push(mutate('Physical_Switch', where, [['ports', 'insert', ports]]))
  }

  const columns = ownColumns(publication)
  const isChanged =
    (columns.description !== undefined && columns.description !== row.description) ||
    (columns.tunnel_ips !== undefined && !sameSet(columns.tunnel_ips, row.tunnel_ips)) ||
    (columns.management_ips !== undefined && !sameSet(columns.management_ips, row.management_ips))
  if (isChanged) draft.operations.push(update('Physical_Switch', where, columns))
}

/**
 * One tunnel address: networking-l2gw reads several as none, OVN takes the first.
 */
function ownColumns({ description, managementIps, configuredTunnelIp }: Publication) {
  return {
    ...(description === undefined ? {} : { description }),
    ...(managementIps === undefined ? {} : { management_ips: managementIps }),
    ...(configuredTunnelIp === undefined ? {} : { tunnel_ips: [configuredTunnelIp] }),
  } satisfies WrittenRow<PhysicalSwitchRow>
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const members = new Set(a)
  return members.size === b.length && b.every((member) => members.has(member))
}
