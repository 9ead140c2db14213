import type { Config } from '../config/config.js'
import type { LocalAddress, PortStatus, TunnelStatus } from '../datapath/datapath.js'
import { otherUses, portState, type PortState } from '../datapath/port-state.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Log } from './log.js'

/** Says once when a tunnel loses or regains its path, and when an access port changes. */
export class LinkLog {
  readonly #ports: Config['ports']
  readonly #log: Log
  #obstacles: ReadonlyMap<IpAddress, TunnelStatus['obstacle']> = new Map()
  #states: ReadonlyMap<string, PortState> | undefined
  #otherUses: ReadonlyMap<string, string> = new Map()

  constructor(ports: Config['ports'], log: Log) {
    this.#ports = ports
    this.#log = log
  }

  /** Takes how they are now. A tunnel that is new is no news: its next hop is asked for first. */
  tell(ports: readonly PortStatus[], tunnels: readonly TunnelStatus[], addresses: readonly LocalAddress[]): void {
    this.#tellTunnels(tunnels)
    this.#tellPorts(new Map(ports.map((status) => [status.netdev, status])))
    this.#tellOtherUses(ports, addresses)
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
    const states = new Map(this.#ports.map(({ netdev }) => [netdev, portState(statuses.get(netdev))]))
    for (const { name, netdev } of this.#ports) {
      const state = states.get(netdev)
      if (state === (this.#states?.get(netdev) ?? 'up')) continue
      this.#log[state === 'up' ? 'info' : 'warn']('port_state', { port: name, netdev, state })
    }
    this.#states = states
  }

  #tellOtherUses(ports: readonly PortStatus[], addresses: readonly LocalAddress[]): void {
    const uses = new Map(ports.map((status) => [status.netdev, otherUses(status, addresses).join(', ')]))
    for (const [netdev, use] of uses) {
      if (use !== '' && use !== this.#otherUses.get(netdev)) this.#log.warn('port_not_alone', { netdev, use })
    }
    this.#otherUses = uses
  }
}
