import type { BfdStatus } from '../datapath/datapath.js'
import type { IpAddress } from '../schema/ip-address.js'

/** How the BFD sessions stand, as the data plane's events tell. */
export interface BfdTable {
  readonly statuses: () => ReadonlyMap<IpAddress, BfdStatus>
  /**
   * Remote VTEPs not to be sent traffic: dead, or alive and saying that what lies behind them is not to be reached (`cpath_down`). The
   * same object while they are the same.
   */
  readonly unreachable: () => ReadonlySet<IpAddress>
  /** Remote VTEPs whose session is up and forwards; likewise. */
  readonly healthy: () => ReadonlySet<IpAddress>
  /** Takes an event; what it says of a session that was removed meanwhile is past. */
  readonly take: (status: BfdStatus) => void
  /** Takes the status of all sessions there are. */
  readonly replace: (statuses: readonly BfdStatus[]) => void
}

export function createBfdTable(known: readonly BfdStatus[]): BfdTable {
  let statuses = new Map<IpAddress, BfdStatus>()
  let unreachable: ReadonlySet<IpAddress> = new Set()
  let healthy: ReadonlySet<IpAddress> = new Set()
  const judge = (): void => {
    // Where no session can be run nothing is known.
    const enabled = [...statuses.values()].filter((status) => status.enabled)
    unreachable = keepSame(
      unreachable,
      enabled.filter(({ forwarding }) => !forwarding).map(({ remoteIp }) => remoteIp),
    )
    healthy = keepSame(
      healthy,
      enabled.filter(({ forwarding }) => forwarding).map(({ remoteIp }) => remoteIp),
    )
  }
  const replace = (all: readonly BfdStatus[]): void => {
    statuses = new Map(all.map((status) => [status.remoteIp, status]))
    judge()
  }
  replace(known)
  return {
    statuses: () => statuses,
    unreachable: () => unreachable,
    healthy: () => healthy,
    replace,
    take: (status) => {
      if (!statuses.has(status.remoteIp)) return
      statuses.set(status.remoteIp, status)
      judge()
    },
  }
}

function keepSame<T>(former: ReadonlySet<T>, found: readonly T[]): ReadonlySet<T> {
  return found.length === former.size && found.every((item) => former.has(item)) ? former : new Set(found)
}
