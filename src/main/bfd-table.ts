import type { BfdStatus } from '../datapath/datapath.js'
import type { IpAddress } from '../schema/ip-address.js'

/** How the BFD sessions stand, as the data plane's events tell. */
export interface BfdTable {
  readonly statuses: () => ReadonlyMap<IpAddress, BfdStatus>
  /** Remote VTEPs not to be sent traffic; the same object while they are the same. */
  readonly unreachable: () => ReadonlySet<IpAddress>
  /** Takes an event; what it says of a session that was removed meanwhile is past. */
  readonly take: (status: BfdStatus) => void
  /** Takes the status of all sessions there are. */
  readonly replace: (statuses: readonly BfdStatus[]) => void
}

export function createBfdTable(known: readonly BfdStatus[]): BfdTable {
  let statuses = new Map<IpAddress, BfdStatus>()
  let unreachable: ReadonlySet<IpAddress> = new Set()
  const judge = (): void => {
    const found = [...statuses.values()].filter((status) => !isUsable(status)).map(({ remoteIp }) => remoteIp)
    if (found.length !== unreachable.size || found.some((ip) => !unreachable.has(ip))) unreachable = new Set(found)
  }
  const replace = (all: readonly BfdStatus[]): void => {
    statuses = new Map(all.map((status) => [status.remoteIp, status]))
    judge()
  }
  replace(known)
  return {
    statuses: () => statuses,
    unreachable: () => unreachable,
    replace,
    take: (status) => {
      if (!statuses.has(status.remoteIp)) return
      statuses.set(status.remoteIp, status)
      judge()
    },
  }
}

/**
 * Whether frames may be sent to the remote VTEP: where no session can be run, nothing speaks against it. `forwarding` is false
 * also while the remote VTEP is up and says that what lies behind it is not to be reached (`cpath_down`).
 */
function isUsable({ enabled, forwarding }: BfdStatus): boolean {
  return !enabled || forwarding
}
