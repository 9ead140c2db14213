import { accessSync, constants } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Box } from './box.js'
import { ConfigError } from './config-error.js'
import type { Config, DatabaseConfig, PortConfig, TlsFiles } from './config.js'
import type { IpAddress } from '../schema/ip-address.js'
import { MAC_TABLE_SIZE, type Origin, type Said, type SettingKey, type Settings } from './settings.js'

export const DEFAULTS = {
  stateDir: '/var/lib/vtepd',
  runDir: '/run/vtepd',
  macAgeingS: 300,
  statsIntervalS: 5,
  macLimits: { port: 16_384, switch: 32_768, table: MAC_TABLE_SIZE },
  floodsToRemoteMacs: true,
} as const

/** Longest name of a Unix socket (sockaddr_un.sun_path, with its final NUL). */
const LONGEST_SOCKET_PATH = 107
const LONGEST_SOCKET_NAME = '/ovsdb-server.ctl'

/** A config with the places that its values come from, for errors that show up later. */
export interface LoadedConfig {
  readonly config: Config
  /** What may come later, as it may go later: a card that is slow to appear, an address that DHCP gives. */
  readonly missing: Missing
  /** undefined: nobody said it, it is the default. */
  readonly originOf: (key: SettingKey) => Origin | undefined
}

export interface Missing {
  readonly ports: readonly PortConfig[]
  /** The tunnel address, when no device has it. */
  readonly tunnelIp: IpAddress | undefined
}

/**
 * What the daemon runs with. Nothing is touched: files are only looked at.
 *
 * @param flags what the command line said; wins over `file`, a list as a whole.
 * @param file what the config file said, when there is one.
 * @throws ConfigError that names the flag or the file:line of the value that is wrong.
 */
export function loadConfig(flags: Said, file: Said | undefined, box: Box): LoadedConfig {
  const said = merge(flags, file)
  const { settings } = said
  const config: Config = {
    switchName: settings.switch ?? hostname(),
    tunnelIp: settings['tunnel-ip'],
    ports: settings.ports ?? [],
    reservedVlans: settings['reserved-vlans'] ?? [],
    database: database(settings),
    managers: settings.managers ?? [],
    stateDir: resolve(settings['state-dir'] ?? DEFAULTS.stateDir),
    runDir: resolve(settings['run-dir'] ?? DEFAULTS.runDir),
    datapathMode: settings['datapath-mode'] ?? 'auto',
    logLevel: settings['log-level'] ?? 'info',
    macAgeingMs: (settings['mac-ageing'] ?? DEFAULTS.macAgeingS) * 1000,
    floodsToRemoteMacs: settings['flood-to-remote-macs'] ?? DEFAULTS.floodsToRemoteMacs,
    statsIntervalMs: (settings['stats-interval'] ?? DEFAULTS.statsIntervalS) * 1000,
    arpNdSuppression: settings['arp-nd-suppression'] ?? true,
    macLimits: {
      port: settings['max-macs-per-port'] ?? DEFAULTS.macLimits.port,
      switch: settings['max-macs-per-switch'] ?? DEFAULTS.macLimits.switch,
      table: settings['max-macs'] ?? DEFAULTS.macLimits.table,
    },
    tls: tlsFiles(said),
    description: settings.description,
    managementIps: settings['management-ips'],
  }
  checkPorts(config.ports, said)
  checkReservedVlans(config, said)
  checkTunnelIp(config, said, box)
  checkDatabase(config, said)
  checkRunDir(config.runDir, said)
  return {
    config,
    missing: missingOf(config, box),
    originOf: (key) => (settings[key] === undefined ? undefined : said.originOf(key)),
  }
}

function merge(flags: Said, file: Said | undefined): Said {
  if (file === undefined) return flags
  const settings: Settings = { ...file.settings, ...flags.settings }
  const originOf = (path: string): Origin =>
    (path.split('.')[0] ?? '') in flags.settings ? flags.originOf(path) : file.originOf(path)
  return { settings, originOf }
}

function database(settings: Settings): DatabaseConfig {
  return settings.ovsdb === undefined ? { kind: 'embedded' } : { kind: 'external', endpoint: settings.ovsdb }
}

function tlsFiles({ settings, originOf }: Said): TlsFiles | undefined {
  const keys = ['private-key', 'certificate', 'ca-cert'] as const satisfies readonly SettingKey[]
  const given = keys.filter((key) => settings[key] !== undefined)
  if (given.length === 0) return undefined
  const [privateKey, certificate, caCert] = keys.map((key) => {
    const path = settings[key]
    if (path === undefined) {
      throw new ConfigError(
        'value',
        originOf(given[0] ?? key),
        `TLS needs private-key, certificate and ca-cert; ${key} is missing`,
      )
    }
    return readable(path, originOf(key))
  })
  if (privateKey === undefined || certificate === undefined || caCert === undefined) return undefined
  return { privateKey, certificate, caCert }
}

function readable(path: string, origin: Origin): string {
  try {
    accessSync(path, constants.R_OK)
    return resolve(path)
  } catch (cause) {
    throw new ConfigError('box', origin, `the file «${path}» cannot be read`, { cause })
  }
}

/** The loopback device, and the gateway's own VXLAN device. */
const NO_PORTS: ReadonlySet<string> = new Set(['lo', 'vtep-vxlan'])

function missingOf({ ports, tunnelIp }: Config, { devices }: Box): Missing {
  const isThere = tunnelIp === undefined || [...devices.values()].some((addresses) => addresses.includes(tunnelIp))
  return { ports: ports.filter(({ netdev }) => !devices.has(netdev)), tunnelIp: isThere ? undefined : tunnelIp }
}

function checkPorts(ports: readonly PortConfig[], { originOf }: Said): void {
  const names = new Map<string, number>()
  const netdevs = new Map<string, number>()
  ports.forEach(({ name, netdev }, index) => {
    const origin = originOf(`ports.${index}`)
    if (NO_PORTS.has(netdev))
      throw new ConfigError('value', origin, `port «${name}»: «${netdev}» can be no access port`)
    if (names.has(name)) throw new ConfigError('value', origin, `port «${name}» is given twice`)
    if (netdevs.has(netdev)) throw new ConfigError('value', origin, `two ports use the device «${netdev}»`)
    names.set(name, index)
    netdevs.set(netdev, index)
  })
}

function checkReservedVlans({ reservedVlans, ports }: Config, { originOf }: Said): void {
  reservedVlans.forEach(({ port }, index) => {
    if (port === undefined || ports.some(({ name }) => name === port)) return
    throw new ConfigError('value', originOf(`reserved-vlans.${index}`), `there is no port «${port}»`)
  })
}

function checkTunnelIp({ tunnelIp, ports }: Config, { originOf }: Said, box: Box): void {
  if (tunnelIp === undefined) return
  const owner = [...box.devices].find(([, addresses]) => addresses.includes(tunnelIp))?.[0]
  const port = ports.find(({ netdev }) => netdev === owner)
  if (port !== undefined) {
    const message = `the address ${tunnelIp} is on «${owner}», which is the access port «${port.name}»; the tunnel needs an underlay device`
    throw new ConfigError('box', originOf('tunnel-ip'), message)
  }
}

function checkDatabase({ database, tls }: Config, { originOf }: Said): void {
  if (database.kind === 'external' && database.endpoint.kind === 'ssl' && tls === undefined) {
    throw new ConfigError(
      'value',
      originOf('ovsdb'),
      'ssl: needs private-key, certificate and ca-cert in the config file',
    )
  }
}

function checkRunDir(runDir: string, { originOf, settings }: Said): void {
  if (Buffer.byteLength(runDir + LONGEST_SOCKET_NAME) <= LONGEST_SOCKET_PATH) return
  const origin = settings['run-dir'] === undefined ? undefined : originOf('run-dir')
  throw new ConfigError(
    'value',
    origin,
    `«${runDir}» is too long for the sockets in it (${LONGEST_SOCKET_PATH} bytes in all)`,
  )
}
