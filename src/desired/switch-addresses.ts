import type { Uuid } from '../ovsdb/notation.js'
import { parseUnicastMac, type Mac } from '../schema/mac.js'
import type { UcastMacsRemoteRow } from '../schema/rows.generated.js'
import { isLinkLocal, parseStationAddress, type StationAddress } from '../schema/station-address.js'

/** A row whose ipaddr cannot be read; its MAC is served all the same. */
export interface UnreadableAddress {
  readonly row: UcastMacsRemoteRow
  readonly reason: string
}

/** A row that gives an address to its MAC. */
export interface Claim {
  readonly row: UcastMacsRemoteRow
  readonly address: StationAddress
  readonly mac: Mac
}

/** Ucast_Macs_Remote.ipaddr of one logical switch, as the rows come and go. */
export interface SwitchAddresses {
  /** All claims to an address; never empty. */
  readonly claims: ReadonlyMap<StationAddress, readonly Claim[]>
  readonly unreadable: ReadonlyMap<Uuid, UnreadableAddress>
  /** Takes rows out and in. Answers the addresses whose claims are others now. */
  readonly replace: (
    gone: readonly UcastMacsRemoteRow[],
    come: readonly UcastMacsRemoteRow[],
  ) => readonly StationAddress[]
}

export function createSwitchAddresses(): SwitchAddresses {
  const claims = new Map<StationAddress, readonly Claim[]>()
  const unreadable = new Map<Uuid, UnreadableAddress>()

  return {
    claims,
    unreadable,
    replace: (gone, come) => {
      const changed = new Set<StationAddress>()
      for (const row of gone) {
        unreadable.delete(row._uuid)
        const claim = readClaim(row)
        if (claim === undefined || 'reason' in claim) continue
        const left = (claims.get(claim.address) ?? []).filter((other) => other.row !== row)
        if (left.length === 0) claims.delete(claim.address)
        else claims.set(claim.address, left)
        changed.add(claim.address)
      }
      for (const row of come) {
        const claim = readClaim(row)
        if (claim === undefined) continue
        if ('reason' in claim) {
          unreadable.set(row._uuid, claim)
          continue
        }
        claims.set(claim.address, [...(claims.get(claim.address) ?? []), claim])
        changed.add(claim.address)
      }
      return [...changed]
    },
  }
}

/**
 * What a row claims. An empty ipaddr claims nothing: OVN writes no other. Nor does a link-local address: by those, hosts know
 * their routers, and the database does not say which station is one (the R flag of RFC 4861 section 4.4).
 */
export function readClaim(row: UcastMacsRemoteRow): Claim | UnreadableAddress | undefined {
  if (row.ipaddr === '') return undefined
  const mac = parseUnicastMac(row.MAC)
  // The row is refused for its MAC already.
  if (!mac.ok) return undefined
  const address = parseStationAddress(row.ipaddr)
  if (!address.ok) return { row, reason: `ipaddr ${address.reason}; the MAC is served` }
  return isLinkLocal(address.value) ? undefined : { row, address: address.value, mac: mac.value }
}
