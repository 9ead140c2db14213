import type { Uuid } from '../ovsdb/notation.js'
import { PersistentMap } from '../persistent/persistent-map.js'
import type { IpAddress } from '../schema/ip-address.js'
import { remoteOf, type Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import { resolveLocator, type Locators } from './locators.js'
import type { MacEntry } from './mac-index.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** The remote MACs of one logical switch with the end points that they are behind. */
export interface RemoteMacs {
  readonly macs: PersistentMap<Mac, Locator>
  /** The same object while there are the same. */
  readonly ends: ReadonlySet<Locator>
  readonly refusals: readonly Refusal[]
}

export const NO_REMOTE_MACS: RemoteMacs = { macs: PersistentMap.from([]), ends: new Set(), refusals: [] }

/** What the end points of a logical switch's rows depend on. */
export interface Surroundings {
  readonly switchName: string
  readonly locators: Locators
  readonly ownIp: IpAddress | undefined
}

interface Resolved extends RemoteMacs {
  /** How many of the MACs are behind each end point. Brought up to date in place, so only for the newest. */
  readonly census: Map<Locator, number>
  /** MACs whose locator is refused: without them a change touches its own MACs only. */
  readonly unreachable: number
}

/**
 * Makes the function that finds the end points of one logical switch's MACs. Where only some rows changed since its last call, the
 * rest of the result is taken over.
 */
export function createRemoteMacResolver(): (entry: MacEntry | undefined, surroundings: Surroundings) => RemoteMacs {
  let last: { readonly revision: number; surroundings: Surroundings; readonly resolved: Resolved } | undefined
  return (entry, surroundings) => {
    if (entry === undefined) {
      last = undefined
      return NO_REMOTE_MACS
    }
    const isAround = last !== undefined && reachesSame(last.resolved, last.surroundings, surroundings)
    if (last !== undefined && isAround && last.revision === entry.revision) {
      last.surroundings = surroundings
      return last.resolved
    }
    const patched =
      last !== undefined && isAround && last.revision === entry.since.revision
        ? patch(last.resolved, entry, surroundings)
        : undefined
    const resolved = patched ?? resolveAll(entry, surroundings)
    last = { revision: entry.revision, surroundings, resolved }
    return resolved
  }
}

/** Whether rows that are as they were still lead where they led. Of the locators those matter that led to a VTEP of this logical switch. */
function reachesSame({ ends, unreachable }: Resolved, a: Surroundings, b: Surroundings): boolean {
  if (a.switchName !== b.switchName || a.ownIp !== b.ownIp) return false
  if (a.locators === b.locators) return true
  let isSame = unreachable === 0
  PersistentMap.differences(a.locators, b.locators, (_, former) => {
    if (former?.ok === true && isReached(ends, former.value)) isSame = false
  })
  return isSame
}

function isReached(ends: ReadonlySet<Locator>, locator: Locator): boolean {
  const remoteIp = remoteOf(locator)
  return [...ends].some((end) => remoteOf(end) === remoteIp)
}

function resolveAll({ macs: { standing, refused } }: MacEntry, surroundings: Surroundings): Resolved {
  const macs = NO_REMOTE_MACS.macs.edit()
  const unreachable: Refusal[] = []
  const census = new Map<Locator, number>()
  const { switchName, locators, ownIp } = surroundings
  for (const [mac, row] of standing) {
    const end = resolveLocator(locators, row.locator, ownIp)
    if (!end.ok) unreachable.push(refuse(row._uuid, mac, switchName, end.reason))
    else {
      macs.set(mac, end.value)
      count(census, end.value, 1)
    }
  }
  const refusals = refused().map(({ row, reason }) => refuse(row._uuid, row.MAC, switchName, reason))
  return {
    macs: macs.finish(),
    ends: new Set(census.keys()),
    refusals: refusals.concat(unreachable),
    census,
    unreachable: unreachable.length,
  }
}

/** undefined: a locator is refused, and all has to be looked at. */
function patch(former: Resolved, entry: MacEntry, surroundings: Surroundings): Resolved | undefined {
  if (former.unreachable > 0) return undefined
  const { standing, refused } = entry.macs
  const macs = former.macs.edit()
  const moves: (readonly [from: Locator | undefined, to: Locator | undefined])[] = []
  for (const mac of entry.since.changed) {
    const row = standing.get(mac)
    const end = row === undefined ? undefined : resolveLocator(surroundings.locators, row.locator, surroundings.ownIp)
    if (end?.ok === false) return undefined
    moves.push([macs.get(mac), end?.value])
    if (end === undefined) macs.delete(mac)
    else macs.set(mac, end.value)
  }
  const { census } = former
  for (const [from, to] of moves) {
    if (to !== undefined) count(census, to, 1)
    if (from !== undefined) count(census, from, -1)
  }
  const isSameSet = census.size === former.ends.size && [...census.keys()].every((end) => former.ends.has(end))
  return {
    macs: macs.finish(),
    ends: isSameSet ? former.ends : new Set(census.keys()),
    refusals: refused().map(({ row, reason }) => refuse(row._uuid, row.MAC, surroundings.switchName, reason)),
    census,
    unreachable: 0,
  }
}

/** The MACs but for those behind end points that are not served. */
export function servedMacs(macs: RemoteMacs['macs'], lost: ReadonlySet<Locator> | undefined): RemoteMacs['macs'] {
  if (lost === undefined) return macs
  const draft = macs.edit()
  for (const [mac, end] of macs) if (lost.has(end)) draft.delete(mac)
  return draft.finish()
}

function count(census: Map<Locator, number>, end: Locator, by: 1 | -1): void {
  const left = (census.get(end) ?? 0) + by
  if (left === 0) census.delete(end)
  else census.set(end, left)
}

function refuse(row: Uuid, mac: string, switchName: string, reason: string): Refusal {
  return { table: 'Ucast_Macs_Remote', row, subject: `${mac} in ${switchName}`, reason, fault: UNSPECIFIED }
}
