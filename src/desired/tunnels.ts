import type { BfdConfig } from '../schema/bfd-config.js'
import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import type { BfdSessions } from './bfd-sessions.js'
import type { Forwarding } from './forwarding.js'
import { keepEqual } from './memo-last.js'
import type { Refusal } from './refusal.js'
import type { ServedSwitches } from './switches-server.js'

/** The tunnels to all that is reached, and the BFD sessions in them. */
export interface Tunnels extends Pick<Forwarding, 'tunnels' | 'bfd'> {
  readonly refusals: readonly Refusal[]
}

/** Makes the function that finds them; the same objects while there are the same. */
export function createTunnelCollector(): (
  reached: ServedSwitches['reached'],
  tunnelIp: IpAddress | undefined,
  sessions: BfdSessions,
) => Tunnels {
  const keepTunnels = keepEqual<IpAddress, IpAddress>()
  const keepBfd = keepEqual<IpAddress, BfdConfig>()
  let last: readonly unknown[] = []
  let tunnels = keepTunnels(new Map())
  return (reached, tunnelIp, sessions) => {
    const inputs = [tunnelIp, ...reached]
    if (inputs.length !== last.length || inputs.some((input, index) => input !== last[index])) {
      tunnels = keepTunnels(tunnelIp === undefined ? new Map() : tunnelsFrom(tunnelIp, reached.flat()))
      last = inputs
    }
    const bfd = new Map<IpAddress, BfdConfig>()
    const refusals: Refusal[] = []
    for (const ip of tunnels.keys()) {
      const session = sessions.get(ip)
      if (session?.config !== undefined) bfd.set(ip, session.config)
      refusals.push(...(session?.refusals ?? []))
    }
    return { tunnels, bfd: keepBfd(bfd), refusals }
  }
}

function tunnelsFrom(tunnelIp: IpAddress, reached: readonly Iterable<Locator>[]): ReadonlyMap<IpAddress, IpAddress> {
  const tunnels = new Map<IpAddress, IpAddress>()
  for (const ends of reached) for (const end of ends) tunnels.set(remoteOf(end), tunnelIp)
  return tunnels
}
