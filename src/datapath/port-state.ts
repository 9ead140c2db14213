import type { LocalAddress, PortStatus } from './datapath.js'

/** absent: no such device, or it is not a port yet; down: administratively; no carrier: the far end is not there. */
export type PortState = 'up' | 'no carrier' | 'down' | 'absent'

export function portState(status: PortStatus | undefined): PortState {
  if (status === undefined) return 'absent'
  if (!status.up) return 'down'
  return status.carrier ? 'up' : 'no carrier'
}

/** What else the box does with the device, which then gets none of the frames: the gateway takes them all. */
export function otherUses(status: PortStatus, addresses: readonly LocalAddress[]): readonly string[] {
  const own = addresses
    .filter(({ netdev }) => netdev === status.netdev)
    .map(({ address }) => `has the address ${address}`)
  return status.controller === undefined ? own : [`belongs to ${status.controller}`, ...own]
}
