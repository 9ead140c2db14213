import type { Uuid } from '../ovsdb/notation.js'
import type { Parsed } from '../ovsdb/parsed.js'
import { parseTunnelAddress, type IpAddress } from '../schema/ip-address.js'
import { locatorOf, ownVniOf, remoteOf, type Locator } from '../schema/locator.js'
import type { PhysicalLocatorRow } from '../schema/rows.generated.js'
import { parseTunnelKey, type Vni } from '../schema/vni.js'

export type Locators = ReadonlyMap<Uuid, Parsed<Locator>>

/** Reads Physical_Locator. */
export function decodeLocators(table: ReadonlyMap<Uuid, PhysicalLocatorRow>): Locators {
  return new Map([...table].map(([uuid, row]) => [uuid, decodeLocator(row)]))
}

function decodeLocator(row: PhysicalLocatorRow): Parsed<Locator> {
  const ip = parseTunnelAddress(row.dst_ip)
  if (!ip.ok) return ip
  const key = parseTunnelKey(row.tunnel_key)
  if (!key.ok) return key
  return { ok: true, value: locatorOf(ip.value, key.value.kind === 'active' ? key.value.vni : undefined) }
}

/** How a logical switch reaches its locators: its VNI, and the address that is this gateway itself. */
export interface Reach {
  readonly vni: Vni | undefined
  readonly ownIp: IpAddress | undefined
}

/**
 * The end point that a locator stands for in a logical switch.
 *
 * A locator may carry a tunnel key of its own (vtep.xml, "per logical switch+locator"); it is served where it says the same as
 * the logical switch.
 */
export function resolveLocator(locators: Locators, uuid: Uuid, { vni, ownIp }: Reach): Parsed<Locator> {
  const locator = locators.get(uuid)
  if (locator === undefined) return { ok: false, reason: `locator ${uuid} does not exist` }
  if (!locator.ok) return { ok: false, reason: `its locator: ${locator.reason}` }
  const [ip, ownVni] = [remoteOf(locator.value), ownVniOf(locator.value)]
  if (ip === ownIp) return { ok: false, reason: `its locator ${ip} is this gateway itself` }
  if (ownVni !== undefined && vni !== undefined && ownVni !== vni) {
    return {
      ok: false,
      reason: `its locator ${ip} has the tunnel key ${ownVni}, the logical switch ${vni}: a key per locator is not served`,
    }
  }
  return { ok: true, value: locatorOf(ip, undefined) }
}
