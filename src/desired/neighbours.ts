import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { StationAddress } from '../schema/station-address.js'
import type { MacEntry } from './mac-index.js'
import { memoLast } from './memo-last.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'
import { readClaim, type Claim } from './switch-addresses.js'
import type { SwitchMacs } from './switch-macs.js'

/** The addresses of one logical switch that are answered for. */
export type Neighbours = ReadonlyMap<StationAddress, Mac>

export const NO_NEIGHBOURS: Neighbours = new Map()

interface Known {
  readonly neighbours: Neighbours
  readonly refusals: readonly Refusal[]
}

const NOTHING_KNOWN: Known = { neighbours: NO_NEIGHBOURS, refusals: [] }

/**
 * Makes the function that says for which addresses of a logical switch ARP and neighbour discovery are answered.
 *
 * An address that several MACs claim is left to them, and so is one whose MAC is refused or behind a remote VTEP that BFD found
 * dead: the answer would lead astray. Where only some rows changed since the last call, the rest is taken over.
 *
 * @param remotes the remote MACs that are served, with the end points that they are behind.
 */
export function createNeighbourResolver(): (
  entry: MacEntry | undefined,
  switchName: string,
  remotes: ReadonlyMap<Mac, Locator>,
  unreachable: ReadonlySet<IpAddress>,
) => Known {
  const claimedOf = createClaimReader()
  const refusalsOf = memoLast((entry: MacEntry, switchName: string) => refuseUnreadable(entry, switchName))
  const reachableOf = memoLast(withoutUnreachable)
  return (entry, switchName, remotes, unreachable) => {
    const claimed = claimedOf(entry)
    if (entry === undefined) return NOTHING_KNOWN
    const isEachReachable = unreachable.size === 0 && remotes.size === entry.macs.standing.size
    const neighbours = isEachReachable ? claimed : reachableOf(claimed, remotes, unreachable)
    return { neighbours, refusals: refusalsOf(entry, switchName) }
  }
}

/** The addresses that one MAC claims. The same object while they are the same. */
function createClaimReader(): (entry: MacEntry | undefined) => Neighbours {
  let last: { readonly revision: number; readonly claimed: Neighbours } | undefined
  return (entry) => {
    if (entry === undefined) {
      last = undefined
      return NO_NEIGHBOURS
    }
    if (last?.revision === entry.revision) return last.claimed
    const claimed = last?.revision === entry.since.revision ? patch(last.claimed, entry) : readAll(entry)
    last = { revision: entry.revision, claimed }
    return claimed
  }
}

function readAll({ macs, addresses }: MacEntry): Neighbours {
  const claimed = new Map<StationAddress, Mac>()
  for (const [address, claims] of addresses.claims) {
    const mac = ownerOf(claims, macs)
    if (mac !== undefined) claimed.set(address, mac)
  }
  return claimed
}

function patch(former: Neighbours, { macs, addresses, since }: MacEntry): Neighbours {
  const changed = new Set(since.changedAddresses)
  // A row may stand now that stood back behind another one of its MAC, or the other way round.
  for (const row of since.changed.flatMap((mac) => macs.rowsOf(mac))) {
    const claim = readClaim(row)
    if (claim !== undefined && 'address' in claim) changed.add(claim.address)
  }
  let claimed: Map<StationAddress, Mac> | undefined
  for (const address of changed) {
    const mac = ownerOf(addresses.claims.get(address) ?? [], macs)
    if (mac === former.get(address)) continue
    claimed ??= new Map(former)
    if (mac === undefined) claimed.delete(address)
    else claimed.set(address, mac)
  }
  return claimed ?? former
}

/** The one MAC that claims the address, by a row that is served. */
function ownerOf(claims: readonly Claim[], { standing }: SwitchMacs): Mac | undefined {
  const mac = claims[0]?.mac
  if (mac === undefined || claims.some((claim) => claim.mac !== mac)) return undefined
  const locator = standing.get(mac)?.locator
  return claims.some(({ row }) => row.locator === locator) ? mac : undefined
}

function withoutUnreachable(
  claimed: Neighbours,
  remotes: ReadonlyMap<Mac, Locator>,
  unreachable: ReadonlySet<IpAddress>,
): Neighbours {
  const isReachable = (mac: Mac): boolean => {
    const locator = remotes.get(mac)
    return locator !== undefined && !unreachable.has(remoteOf(locator))
  }
  return new Map([...claimed].filter(([, mac]) => isReachable(mac)))
}

/** The addresses but for those of MACs that are behind end points that are not served, as `servedMacs` has it. */
export function servedNeighbours(
  neighbours: Neighbours,
  served: ReadonlyMap<Mac, Locator>,
  lost: ReadonlySet<Locator> | undefined,
): Neighbours {
  return lost === undefined ? neighbours : new Map([...neighbours].filter(([, mac]) => served.has(mac)))
}

function refuseUnreadable({ addresses }: MacEntry, switchName: string): readonly Refusal[] {
  return [...addresses.unreadable.values()].map(({ row, reason }) => ({
    table: 'Ucast_Macs_Remote',
    row: row._uuid,
    subject: `${row.MAC} in ${switchName}`,
    reason,
    fault: UNSPECIFIED,
  }))
}
