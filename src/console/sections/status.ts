import { z } from 'zod'
import { isPathless } from '../../datapath/datapath.js'
import type { ConnectionState } from '../../ovsdb/client.js'
import { formatEndpoint } from '../../ovsdb/endpoint.js'
import { section } from '../section.js'
import { visible } from '../table.js'
import type { View } from '../view.js'

const schema = z.object({
  switch: z.string(),
  version: z.string(),
  pid: z.int(),
  uptimeS: z.int(),
  /** starting: nothing published yet; in service; degraded: something is refused, failed or out of reach. */
  state: z.enum(['starting', 'in service', 'degraded']),
  tunnelIp: z.string().nullable(),
  /** A device of the box has that address. */
  isTunnelIpHere: z.boolean(),
  datapathMode: z.enum(['auto', 'xdp', 'tc']),
  macAgeingS: z.number(),
  database: z.object({
    target: z.string(),
    isOwnServer: z.boolean(),
    state: z.enum(['connected', 'connecting', 'out of reach']),
    schemaVersion: z.string().nullable(),
    /** Who decides about this switch. */
    lock: z.enum(['held by this daemon', 'held by another client', 'not asked for yet']),
    reason: z.string().nullable(),
    /** Why the last transaction was refused. */
    publishError: z.string().nullable(),
  }),
  /** Remote VTEPs in use, and those to which frames are lost; the section `tunnels` says why. */
  tunnels: z.object({ count: z.int(), withoutPath: z.int() }),
  managers: z.array(z.object({ target: z.string(), isConnected: z.boolean() })),
  /** How often somebody had taken a program or the VXLAN device away, and it was put back. */
  repairs: z.int(),
  /** The keys in the fault columns of the database; the section `faults` says why. */
  faults: z.object({ switch: z.array(z.string()), ports: z.record(z.string(), z.array(z.string())) }),
})

type Status = z.infer<typeof schema>

export const status = section({ schema, build, print })

function build(view: View): Status {
  const { config, connection, replica, desired } = view
  const troubles = (desired?.refusals.length ?? 0) + view.impairments.length
  const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === config.switchName)
  const tunnels = view.datapath?.tunnelStatus() ?? []
  const tunnelIp = desired?.tunnelIp ?? config.tunnelIp
  const ports = (own?.ports ?? []).flatMap((id) => replica.table('Physical_Port').get(id) ?? [])
  const isWell = connection.kind === 'synced' && connection.lock === 'held' && troubles === 0
  return {
    switch: config.switchName,
    version: view.version,
    pid: process.pid,
    uptimeS: Math.floor((Date.now() - view.startedMs) / 1000),
    state: !view.isInService ? 'starting' : isWell && view.publishError === undefined ? 'in service' : 'degraded',
    tunnelIp: tunnelIp ?? null,
    isTunnelIpHere: view.datapath?.localAddresses().some(({ address }) => address === tunnelIp) ?? false,
    datapathMode: config.datapathMode,
    macAgeingS: config.macAgeingMs / 1000,
    database: {
      target: formatEndpoint(view.database),
      isOwnServer: config.database.kind === 'embedded',
      ...describeConnection(connection),
      publishError: view.publishError ?? null,
    },
    tunnels: { count: tunnels.length, withoutPath: tunnels.filter(isPathless).length },
    managers: [...replica.table('Manager').values()].map(({ target, is_connected }) => ({
      target,
      isConnected: is_connected,
    })),
    repairs: view.repairs,
    faults: {
      switch: [...(own?.switch_fault_status ?? [])],
      ports: Object.fromEntries(
        ports
          .filter((port) => port.port_fault_status.length > 0)
          .map((port) => [port.name, [...port.port_fault_status]]),
      ),
    },
  }
}

function describeConnection(
  connection: ConnectionState,
): Pick<Status['database'], 'state' | 'schemaVersion' | 'lock' | 'reason'> {
  switch (connection.kind) {
    case 'synced': {
      const lock = connection.lock === 'held' ? 'held by this daemon' : 'held by another client'
      return { state: 'connected', schemaVersion: connection.schemaVersion, lock, reason: null }
    }
    case 'backoff':
      return {
        state: 'out of reach',
        schemaVersion: null,
        lock: 'not asked for yet',
        reason: connection.reason.message,
      }
    case 'connecting':
    case 'synchronizing':
    case 'stopped':
      return { state: 'connecting', schemaVersion: null, lock: 'not asked for yet', reason: null }
  }
}

function print(value: Status): string {
  const { database } = value
  const lines = [
    ['switch', `${value.switch} (${value.state})`],
    ['tunnel address', describeTunnelIp(value)],
    ['daemon', `vtepd ${value.version}, process ${value.pid}, up ${formatSeconds(value.uptimeS)}`],
    ['datapath', `mode ${value.datapathMode}, local MACs age after ${value.macAgeingS} s`],
    ['database', describeDatabase(database)],
    ['lock', database.lock],
    ['tunnels', describeTunnels(value.tunnels)],
    ...(database.publishError === null ? [] : [['not published', database.publishError]]),
    ...value.managers.map(({ target, isConnected }) => [
      'manager',
      `${target}: ${isConnected ? 'connected' : 'not connected'}`,
    ]),
    ...(value.repairs === 0
      ? []
      : [
          [
            'repaired',
            `${value.repairs === 1 ? 'once' : `${value.repairs} times`}: something of the gateway had been removed`,
          ],
        ]),
    ['faults', describeFaults(value.faults)],
  ].map(([name = '', text = '']) => `  ${`${name}:`.padEnd(16)}${visible(text)}\n`)
  return lines.join('')
}

function describeDatabase({ target, isOwnServer, state, reason }: Status['database']): string {
  return `${target}${isOwnServer ? ' (own server)' : ''}: ${state}${reason === null ? '' : ` (${reason})`}`
}

function describeTunnelIp({ state, tunnelIp, isTunnelIpHere }: Status): string {
  if (tunnelIp === null) return 'none yet'
  return isTunnelIpHere || state === 'starting' ? tunnelIp : `${tunnelIp} (no device has it)`
}

function describeTunnels({ count, withoutPath }: Status['tunnels']): string {
  return withoutPath === 0 ? String(count) : `${count}, of which ${withoutPath} without a path: see vtep show tunnels`
}

function describeFaults({ switch: onSwitch, ports }: Status['faults']): string {
  const parts = [...onSwitch, ...Object.entries(ports).map(([port, keys]) => `port ${port}: ${keys.join(', ')}`)]
  return parts.length === 0 ? 'none' : parts.join('; ')
}

function formatSeconds(total: number): string {
  const [days, hours, minutes] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3_600) % 24,
    Math.floor(total / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${total % 60} s` : `${total} s`
}
