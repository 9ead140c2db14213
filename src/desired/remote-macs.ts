import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Mac } from '../schema/mac.js'
import { resolveLocator, type Locators, type Reach } from './locators.js'
import type { SwitchMacs } from './mac-index.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** The remote MACs of one logical switch with the VTEPs behind them. */
export interface RemoteMacs {
  readonly macs: ReadonlyMap<Mac, IpAddress>
  readonly remoteIps: ReadonlySet<IpAddress>
  readonly refusals: readonly Refusal[]
}

export const NO_REMOTE_MACS: RemoteMacs = { macs: new Map(), remoteIps: new Set(), refusals: [] }

/** Resolves the locators of one logical switch's rows; `switchName` is for the refusals. */
export function resolveRemoteMacs(
  switchName: string,
  { rows, refused }: SwitchMacs,
  locators: Locators,
  reach: Reach,
): RemoteMacs {
  const macs = new Map<Mac, IpAddress>()
  const remoteIps = new Set<IpAddress>()
  const refusals = refused.map(({ row, reason }) => refuse(row._uuid, row.MAC, switchName, reason))
  for (const [mac, row] of rows) {
    const ip = resolveLocator(locators, row.locator, reach)
    if (ip.ok) {
      macs.set(mac, ip.value)
      remoteIps.add(ip.value)
    } else {
      refusals.push(refuse(row._uuid, mac, switchName, ip.reason))
    }
  }
  return { macs, remoteIps, refusals }
}

function refuse(row: Uuid, mac: string, switchName: string, reason: string): Refusal {
  return { table: 'Ucast_Macs_Remote', row, subject: `${mac} in ${switchName}`, reason, fault: UNSPECIFIED }
}
