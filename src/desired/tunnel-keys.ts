import type { Uuid } from '../ovsdb/notation.js'
import { locatorOf, ownVniOf, remoteOf, type Locator } from '../schema/locator.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import type { Vni } from '../schema/vni.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'
import type { SwitchKeys } from './switch-keys.js'
import { endsOf, type SwitchReading } from './switch-reader.js'

/** Which logical switch has which VNI, with whom. */
export interface TunnelKeys {
  /** All logical switches that carry traffic here; null: with the VNIs of their locators alone. */
  readonly switches: ReadonlyMap<Uuid, Vni | null>
  /** Locator with a VNI of its own -> the logical switch of frames from there. */
  readonly origins: ReadonlyMap<Locator, Uuid>
  /** End points of a logical switch that are not served. */
  readonly lost: ReadonlyMap<Uuid, ReadonlySet<Locator>>
  readonly refusals: readonly Refusal[]
}

const NOTHING_LOST: Pick<TunnelKeys, 'origins' | 'lost' | 'refusals'> = {
  origins: new Map(),
  lost: new Map(),
  refusals: [],
}

/**
 * Gives the VNIs of locators (vtep.xml, "per logical switch+locator") to logical switches. A locator's own VNI goes before that of
 * the logical switch; a logical switch without one carries traffic where a locator of its has one.
 *
 * A frame from a VTEP is told by its VNI alone. So of several logical switches with one VNI at one VTEP one is served there: the one
 * that the kernel has already, else one whose own VNI it is, else the one with the lowest UUID.
 */
export function assignTunnelKeys(
  { switches, keyless }: SwitchKeys,
  readings: ReadonlyMap<Uuid, SwitchReading>,
  rows: ReadonlyMap<Uuid, LogicalSwitchRow>,
  present: ReadonlyMap<Locator, Uuid>,
): TunnelKeys {
  const claims = new Map<Locator, Uuid[]>()
  const active = new Map<Uuid, Vni | null>(switches)
  for (const [id, reading] of readings) {
    if (reading.keyed.length === 0 || !(switches.has(id) || keyless.has(id))) continue
    if (keyless.has(id)) active.set(id, null)
    for (const locator of reading.keyed) {
      const rivals = claims.get(locator)
      if (rivals === undefined) claims.set(locator, [id])
      else rivals.push(id)
    }
  }
  if (claims.size === 0) return { switches, ...NOTHING_LOST }

  const origins = new Map<Locator, Uuid>()
  const lost = new Map<Uuid, Set<Locator>>()
  const refusals: Refusal[] = []
  const nameOf = (id: Uuid): string => rows.get(id)?.name ?? id
  const lose = (id: Uuid, locator: Locator, why: string): void => {
    const locators = lost.get(id) ?? new Set()
    lost.set(id, locators.add(locator))
    const key = ownVniOf(locator)
    const named = `locator ${remoteOf(locator)}${key === undefined ? '' : ` with the tunnel_key ${key}`}`
    const reason = `${named} is not served: ${why}`
    refusals.push({ table: 'Logical_Switch', row: id, subject: nameOf(id), reason, fault: UNSPECIFIED })
  }
  const owners = new Map([...switches].map(([id, vni]) => [vni, id]))
  for (const [locator, claimants] of claims) {
    const { implicit, keylessEnd } = implicitClaim(locator, owners, readings)
    const taken = present.get(locator)
    const [first] = [...claimants].sort()
    const owner = claimants.find((id) => id === taken) ?? implicit ?? first
    if (owner === undefined) continue
    const isImplicit = owner === implicit && !claimants.includes(owner)
    if (!isImplicit) origins.set(locator, owner)
    const why = `frames from there with this key are those of the logical switch ${nameOf(owner)}`
    for (const id of claimants) if (id !== owner) lose(id, locator, why)
    if (implicit !== undefined && implicit !== owner) lose(implicit, keylessEnd, why)
  }
  for (const [id, vni] of active) {
    const reading = readings.get(id)
    if (vni !== null || reading === undefined) continue
    const keylessEnds = new Set(
      endsOf(reading).flatMap((ends) => [...ends].filter((end) => ownVniOf(end) === undefined)),
    )
    for (const end of keylessEnds) lose(id, end, 'neither it nor the logical switch has a tunnel_key')
  }
  return { switches: active, origins, lost, refusals }
}

/** The logical switch whose own VNI a locator has, if it reaches that VTEP by it. */
function implicitClaim(
  locator: Locator,
  owners: ReadonlyMap<Vni | undefined, Uuid>,
  readings: ReadonlyMap<Uuid, SwitchReading>,
): { readonly implicit: Uuid | undefined; readonly keylessEnd: Locator } {
  const keylessEnd = locatorOf(remoteOf(locator), undefined)
  const id = owners.get(ownVniOf(locator))
  const reading = id === undefined ? undefined : readings.get(id)
  const isReached = reading !== undefined && endsOf(reading).some((ends) => [...ends].includes(keylessEnd))
  return { implicit: isReached ? id : undefined, keylessEnd }
}
