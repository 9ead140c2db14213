import type { Config } from '../config/config.js'
import type { PortStatus, TunnelStatus } from '../datapath/datapath.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Log } from './log.js'

/** Says once when a tunnel loses or regains its path, and when an access port changes. */
export class LinkLog {
  readonly #ports: Config['ports']
  readonly #log: Log
  #obstacles: ReadonlyMap<IpAddress, TunnelStatus['obstacle']> = new Map()
  #states: ReadonlyMap<string, string> | undefined

  constructor(ports: Config['ports'], log: Log) {
    this.#ports = ports
    this.#log = log
  }

  /** Takes how they are now. A tunnel that is new is no news: its next hop is asked for first. */
  tell(ports: readonly PortStatus[], tunnels: readonly TunnelStatus[]): void {
    this.#tellTunnels(tunnels)
    this.#tellPorts(new Map(ports.map((status) => [status.netdev, status])))
  }

  #tellTunnels(tunnels: readonly TunnelStatus[]): void {
    for (const { remoteIp, obstacle } of tunnels) {
      if (!this.#obstacles.has(remoteIp) || this.#obstacles.get(remoteIp) === obstacle) continue
      if (obstacle === undefined) this.#log.info('tunnel_path_found', { remote: remoteIp })
      else this.#log.warn('tunnel_path_lost', { remote: remoteIp, reason: obstacle })
    }
    this.#obstacles = new Map(tunnels.map(({ remoteIp, obstacle }) => [remoteIp, obstacle]))
  }

  /** The first time only what is not up is told. */
  #tellPorts(statuses: ReadonlyMap<string, PortStatus>): void {
    const states = new Map(this.#ports.map(({ netdev }) => [netdev, stateOf(statuses.get(netdev))]))
    for (const { name, netdev } of this.#ports) {
      const state = states.get(netdev)
      if (state === (this.#states?.get(netdev) ?? 'up')) continue
      this.#log[state === 'up' ? 'info' : 'warn']('port_state', { port: name, netdev, state })
    }
    this.#states = states
  }
}

function stateOf(status: PortStatus | undefined): string {
  if (status === undefined) return 'absent'
  if (!status.up) return 'down'
  return status.carrier ? 'up' : 'no_carrier'
}
