import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { Vni } from '../schema/vni.js'
import { resolveLocator, type Locators } from './locators.js'
import type { MacEntry } from './mac-index.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** The remote MACs of one logical switch with the end points that they are behind. */
export interface RemoteMacs {
  readonly macs: ReadonlyMap<Mac, Locator>
  readonly ends: ReadonlySet<Locator>
  readonly refusals: readonly Refusal[]
}

export const NO_REMOTE_MACS: RemoteMacs = { macs: new Map(), ends: new Set(), refusals: [] }

/** What the end points of a logical switch's rows depend on. */
export interface Surroundings {
  readonly switchName: string
  readonly locators: Locators
  readonly vni: Vni | undefined
  readonly ownIp: IpAddress | undefined
}

interface Resolved extends RemoteMacs {
  /** MACs whose locator is refused: without them a change touches its own MACs only. */
  readonly unreachable: number
}

/**
 * Makes the function that finds the end points of one logical switch's MACs. Where only some rows changed since its last call, the
 * rest of the result is taken over.
 */
export function createRemoteMacResolver(): (entry: MacEntry | undefined, surroundings: Surroundings) => RemoteMacs {
  let last: { readonly revision: number; readonly surroundings: Surroundings; readonly resolved: Resolved } | undefined
  return (entry, surroundings) => {
    if (entry === undefined) {
      last = undefined
      return NO_REMOTE_MACS
    }
    const isAround = last !== undefined && isSame(last.surroundings, surroundings)
    if (last !== undefined && isAround && last.revision === entry.revision) return last.resolved
    const patched =
      last !== undefined && isAround && last.revision === entry.since.revision
        ? patch(last.resolved, entry, surroundings)
        : undefined
    const resolved = patched ?? resolveAll(entry, surroundings)
    last = { revision: entry.revision, surroundings, resolved }
    return resolved
  }
}

function isSame(a: Surroundings, b: Surroundings): boolean {
  return a.switchName === b.switchName && a.locators === b.locators && a.vni === b.vni && a.ownIp === b.ownIp
}

function resolveAll({ macs: { standing, refused } }: MacEntry, surroundings: Surroundings): Resolved {
  const macs = new Map<Mac, Locator>()
  const unreachable: Refusal[] = []
  const { switchName, locators } = surroundings
  for (const [mac, row] of standing) {
    const end = resolveLocator(locators, row.locator, surroundings)
    if (end.ok) macs.set(mac, end.value)
    else unreachable.push(refuse(row._uuid, mac, switchName, end.reason))
  }
  const refusals = refused().map(({ row, reason }) => refuse(row._uuid, row.MAC, switchName, reason))
  return {
    macs,
    ends: new Set(macs.values()),
    refusals: refusals.concat(unreachable),
    unreachable: unreachable.length,
  }
}

/** undefined: a locator is refused, and all has to be looked at. */
function patch(former: Resolved, entry: MacEntry, surroundings: Surroundings): Resolved | undefined {
  if (former.unreachable > 0) return undefined
  const { standing, refused } = entry.macs
  const macs = new Map(former.macs)
  for (const mac of entry.since.changed) {
    const row = standing.get(mac)
    if (row === undefined) {
      macs.delete(mac)
      continue
    }
    const end = resolveLocator(surroundings.locators, row.locator, surroundings)
    if (!end.ok) return undefined
    macs.set(mac, end.value)
  }
  const refusals = refused().map(({ row, reason }) => refuse(row._uuid, row.MAC, surroundings.switchName, reason))
  return { macs, ends: new Set(macs.values()), refusals, unreachable: 0 }
}

function refuse(row: Uuid, mac: string, switchName: string, reason: string): Refusal {
  return { table: 'Ucast_Macs_Remote', row, subject: `${mac} in ${switchName}`, reason, fault: UNSPECIFIED }
}
