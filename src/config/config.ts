import type { Endpoint } from '../ovsdb/endpoint.js'
import type { MacLimits } from '../schema/mac-limits.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { ReservedVlans } from '../schema/reserved-vlans.js'

/** An access port as the operator names it. */
export interface PortConfig {
  /** Physical_Port.name */
  readonly name: string
  /** The network device behind it, in the daemon's network namespace. */
  readonly netdev: string
}

/** Key, certificate and authority of this gateway, as paths of PEM files. */
export interface TlsFiles {
  readonly privateKey: string
  readonly certificate: string
  readonly caCert: string
}

/** Where the database is: a server of our own, or one that somebody else runs. */
export type DatabaseConfig = { readonly kind: 'embedded' } | { readonly kind: 'external'; readonly endpoint: Endpoint }

/** What the daemon runs with: flags over file over defaults, checked against the box. */
export interface Config {
  /** Physical_Switch.name */
  readonly switchName: string
  /** Source address of everything encapsulated; undefined: Physical_Switch.tunnel_ips says it. */
  readonly tunnelIp: IpAddress | undefined
  readonly ports: readonly PortConfig[]
  readonly reservedVlans: readonly ReservedVlans[]
  readonly database: DatabaseConfig
  /** Manager rows to add where missing (RFC 7047 targets). */
  readonly managers: readonly string[]
  readonly stateDir: string
  readonly runDir: string
  readonly datapathMode: 'auto' | 'xdp' | 'tc'
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
  /** Age at which a silent local MAC is forgotten. */
  readonly macAgeingMs: number
  /** See the desired state's `floodsToRemoteMacs`. */
  readonly floodsToRemoteMacs: boolean
  /** How often the counters are read for Logical_Binding_Stats. */
  readonly statsIntervalMs: number
  /** Whether ARP and neighbour discovery are answered where Logical_Switch.other_config does not say it. */
  readonly arpNdSuppression: boolean
  /** Local MACs at the most. */
  readonly macLimits: MacLimits
  readonly tls: TlsFiles | undefined
  /** Physical_Switch.description; undefined: left as it is in the database. */
  readonly description: string | undefined
  /** Physical_Switch.management_ips; undefined: left as they are in the database. */
  readonly managementIps: readonly string[] | undefined
}
