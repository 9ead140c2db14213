import { OvsdbError } from './error.js'
import { parsed, refused, type Parsed } from './parsed.js'

/** Identity of a row. Made by `parseUuid` and by decoding a <uuid> of the server. */
export type Uuid = string & { readonly __brand: 'Uuid' }

/** A row of the same transaction that has no UUID yet (RFC 7047 section 5.1, <named-uuid>). */
export interface NamedUuid {
  readonly namedUuid: string
}

export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid'

/** A column's type, by the shape of its JavaScript value. A set with `max` 1 is `optional`. */
export type ColumnType =
  | { readonly kind: 'scalar'; readonly key: AtomType }
  | { readonly kind: 'optional'; readonly key: AtomType }
  | { readonly kind: 'set'; readonly key: AtomType }
  | { readonly kind: 'map'; readonly key: AtomType; readonly value: AtomType }

/**
 * An atom as JavaScript has it. Integers are 64 bits wide on the wire: those beyond 2^53 arrive rounded to the nearest double.
 */
export type Atom = string | number | boolean

/** The value of a column: an atom; `undefined` for an empty optional; a set, sorted, without repeats; a map. */
export type Value = Atom | undefined | readonly Atom[] | ReadonlyMap<Atom, Atom>

/** What may be written where an Atom is read. Beyond 2^53 a bigint is rounded to the nearest double. */
export type WrittenAtom = Atom | bigint | NamedUuid
export type WrittenValue = WrittenAtom | undefined | readonly WrittenAtom[] | ReadonlyMap<WrittenAtom, WrittenAtom>

/** JSON as it goes to the server. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json }

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const idPattern = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Accepts the canonical form of RFC 4122 in either case; the value is lower case, as ovsdb-server prints it. */
export function parseUuid(text: string): Parsed<Uuid> {
  const lower = text.toLowerCase()
  return uuidPattern.test(lower) ? parsed(lower as Uuid) : refused(text, 'is not a UUID')
}

/** Refers to the row that `insert(table, row, name)` of the same transaction makes. @throws OvsdbError `bad value` */
export function namedUuid(name: string): NamedUuid {
  return { namedUuid: checkedId(name) }
}

/** An <id> of RFC 7047 section 3.1: letters, digits and underscores. @throws OvsdbError `bad value` for any other text. */
export function checkedId(text: string): string {
  if (idPattern.test(text)) return text
  throw new OvsdbError('bad value', `${JSON.stringify(text)} is not an <id>: letters, digits and underscores`)
}

/** The value of a column that the server left out: RFC 7047 section 5.2.1. */
export function defaultValue(type: ColumnType): Value {
  switch (type.kind) {
    case 'scalar':
      return defaultAtoms[type.key]
    case 'optional':
      return undefined
    case 'set':
      return emptySet
    case 'map':
      return emptyMap
  }
}

const defaultAtoms: Readonly<Record<AtomType, Atom>> = {
  integer: 0,
  real: 0,
  boolean: false,
  string: '',
  uuid: '00000000-0000-0000-0000-000000000000',
}
const emptySet: readonly Atom[] = []
const emptyMap: ReadonlyMap<Atom, Atom> = new Map()

/**
 * Decodes a <value> of RFC 7047 section 5.1. Membership in an enum is the server's to enforce: a member that a newer schema added
 * comes through as it is.
 *
 * @throws OvsdbError `protocol error` when the JSON does not fit the type.
 */
export function decodeValue(type: ColumnType, json: unknown): Value {
  switch (type.kind) {
    case 'scalar':
      return decodeAtom(type.key, json)
    case 'optional': {
      const members = decodeSet(type.key, json)
      if (members.length > 1) throw misfit('an optional value', json)
      return members[0]
    }
    case 'set':
      return sortedSet(decodeSet(type.key, json))
    case 'map':
      return decodeMap(type.key, type.value, json)
  }
}

/** Decodes a <uuid>. @throws OvsdbError `protocol error`. */
export function decodeUuid(json: unknown): Uuid {
  if (Array.isArray(json) && json.length === 2 && json[0] === 'uuid' && typeof json[1] === 'string') {
    const uuid = parseUuid(json[1])
    if (uuid.ok) return uuid.value
  }
  throw misfit('a <uuid>', json)
}

/** A set in its canonical order, without repeats. */
export function sortedSet(members: readonly Atom[]): readonly Atom[] {
  if (members.length < 2) return members
  return [...new Set(members)].sort(compareAtoms)
}

/** Encodes a value for a column. @throws OvsdbError `bad value` when the value does not fit the type. */
export function encodeValue(type: ColumnType, value: WrittenValue): Json {
  switch (type.kind) {
    case 'scalar':
      return encodeAtom(type.key, value)
    case 'optional':
      return value === undefined ? ['set', []] : encodeAtom(type.key, value)
    case 'set':
      return encodeSet(type.key, value)
    case 'map': {
      if (!isMap(value)) throw unfit('a map', value)
      return ['map', [...value].map(([key, mapped]) => [encodeAtom(type.key, key), encodeAtom(type.value, mapped)])]
    }
  }
}

/** Encodes a set of atoms. @throws OvsdbError `bad value`. */
export function encodeSet(key: AtomType, value: WrittenValue): Json {
  if (!isSet(value)) throw unfit('a set', value)
  return ['set', value.map((member) => encodeAtom(key, member))]
}

/** Deep equality of two values of one column. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((member, i) => member === b[i])
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, mapped]) => b.get(key) === mapped)
  return false
}

function decodeAtom(type: AtomType, json: unknown): Atom {
  switch (type) {
    case 'string':
      if (typeof json === 'string') return json
      break
    case 'boolean':
      if (typeof json === 'boolean') return json
      break
    case 'integer':
      if (typeof json === 'number' && Number.isInteger(json)) return json
      break
    case 'real':
      if (typeof json === 'number') return json
      break
    case 'uuid':
      return decodeUuid(json)
  }
  throw misfit(`an atom of type ${type}`, json)
}

function decodeSet(key: AtomType, json: unknown): Atom[] {
  if (Array.isArray(json) && json[0] === 'set') {
    if (json.length !== 2 || !Array.isArray(json[1])) throw misfit('a set', json)
    return json[1].map((member) => decodeAtom(key, member))
  }
  return [decodeAtom(key, json)]
}

function decodeMap(key: AtomType, value: AtomType, json: unknown): ReadonlyMap<Atom, Atom> {
  if (!Array.isArray(json) || json.length !== 2 || json[0] !== 'map' || !Array.isArray(json[1]))
    throw misfit('a map', json)
  const pairs: unknown[] = json[1]
  return new Map(
    pairs.map((pair): [Atom, Atom] => {
      if (!Array.isArray(pair) || pair.length !== 2) throw misfit('a pair of a map', pair)
      return [decodeAtom(key, pair[0]), decodeAtom(value, pair[1])]
    }),
  )
}

function encodeAtom(type: AtomType, value: WrittenValue): Json {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'integer':
      if (typeof value === 'bigint') return Number(value)
      if (typeof value === 'number' && Number.isInteger(value)) return value
      break
    case 'real':
      if (typeof value === 'number' && Number.isFinite(value)) return value
      break
    case 'uuid':
      if (typeof value === 'string') return ['uuid', value]
      if (typeof value === 'object' && 'namedUuid' in value) return ['named-uuid', value.namedUuid]
  }
  throw unfit(`an atom of type ${type}`, value)
}

function isSet(value: WrittenValue): value is readonly WrittenAtom[] {
  return Array.isArray(value)
}

function isMap(value: WrittenValue): value is ReadonlyMap<WrittenAtom, WrittenAtom> {
  return value instanceof Map
}

function compareAtoms(a: Atom, b: Atom): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function misfit(wanted: string, json: unknown): OvsdbError {
  return new OvsdbError('protocol error', `${excerpt(json)} is not ${wanted}`)
}

function unfit(wanted: string, value: unknown): OvsdbError {
  return new OvsdbError('bad value', `${excerpt(value)} is not ${wanted}`)
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(typeof value === 'bigint' ? value.toString() : (value ?? null))
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}
