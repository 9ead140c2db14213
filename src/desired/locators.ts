import type { Uuid } from '../ovsdb/notation.js'
import type { Parsed } from '../ovsdb/parsed.js'
import { PersistentMap } from '../persistent/persistent-map.js'
import { parseTunnelAddress, type IpAddress } from '../schema/ip-address.js'
import { locatorOf, remoteOf, type Locator } from '../schema/locator.js'
import type { PhysicalLocatorRow } from '../schema/rows.generated.js'
import { parseTunnelKey } from '../schema/vni.js'

export type Locators = ReadonlyMap<Uuid, Parsed<Locator>>

/** Makes the function that reads Physical_Locator; rows that did not change since its last call are the same objects in the answer. */
export function createLocatorDecoder(): (table: ReadonlyMap<Uuid, PhysicalLocatorRow>) => Locators {
  let lastTable: ReadonlyMap<Uuid, PhysicalLocatorRow> = new Map()
  let last = PersistentMap.from<Uuid, Parsed<Locator>>([])
  return (table) => {
    const draft = last.edit()
    PersistentMap.differences(lastTable, table, (uuid, _, row) => {
      if (row === undefined) draft.delete(uuid)
      else draft.set(uuid, decodeLocator(row))
    })
    lastTable = table
    last = draft.finish()
    return last
  }
}

function decodeLocator(row: PhysicalLocatorRow): Parsed<Locator> {
  const ip = parseTunnelAddress(row.dst_ip)
  if (!ip.ok) return ip
  const key = parseTunnelKey(row.tunnel_key)
  if (!key.ok) return { ok: false, reason: `tunnel_key ${key.reason}` }
  return { ok: true, value: locatorOf(ip.value, key.value.kind === 'active' ? key.value.vni : undefined) }
}

/**
 * The end point that a locator names.
 *
 * @param ownIp the address that is this gateway itself: no destination, whatever the key.
 */
export function resolveLocator(locators: Locators, uuid: Uuid, ownIp: IpAddress | undefined): Parsed<Locator> {
  const locator = locators.get(uuid)
  if (locator === undefined) return { ok: false, reason: `locator ${uuid} does not exist` }
  if (!locator.ok) return { ok: false, reason: `its locator: ${locator.reason}` }
  const ip = remoteOf(locator.value)
  return ip === ownIp ? { ok: false, reason: `its locator ${ip} is this gateway itself` } : locator
}
