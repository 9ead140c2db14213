import { OvsdbError } from './error.js'
import { decodeValue, sortedSet, type Atom, type ColumnType, type Value } from './notation.js'

/**
 * Applies the difference that `modify` of `update2` and `update3` carries for one column (ovsdb-server(7), "Update2 Notification").
 *
 * - a scalar or optional column: the new value;
 * - a set: the symmetric difference, so members that are there go and members that are not come;
 * - a map: a pair that is there goes; a key with another value gets the new one; a key that is not there comes.
 *
 * @throws OvsdbError `protocol error` when the JSON does not fit the type.
 */
export function applyDiff(type: ColumnType, current: Value, json: unknown): Value {
  const diff = decodeValue(type, json)
  switch (type.kind) {
    case 'scalar':
    case 'optional':
      return diff
    case 'set':
      if (Array.isArray(current) && Array.isArray(diff)) return symmetricDifference(current, diff)
      break
    case 'map':
      if (current instanceof Map && diff instanceof Map) return changedMap(current, diff)
  }
  throw new OvsdbError('protocol error', `a difference does not fit a column of kind ${type.kind}`)
}

function symmetricDifference(current: readonly Atom[], diff: readonly Atom[]): readonly Atom[] {
  const members = new Set(current)
  for (const member of diff) {
    if (!members.delete(member)) members.add(member)
  }
  return sortedSet([...members])
}

function changedMap(current: ReadonlyMap<Atom, Atom>, diff: ReadonlyMap<Atom, Atom>): ReadonlyMap<Atom, Atom> {
  const changed = new Map(current)
  for (const [key, value] of diff) {
    if (changed.get(key) === value) changed.delete(key)
    else changed.set(key, value)
  }
  return changed
}
