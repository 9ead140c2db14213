import t from 'tap'
import {
  decodeValue,
  defaultValue,
  encodeValue,
  equalValues,
  namedUuid,
  parseUuid,
  type ColumnType,
} from '../../src/ovsdb/notation.js'

const uuid = '5a3c0f0e-0000-4000-8000-0123456789ab'

t.test('values are decoded from the notation of RFC 7047 section 5.1 and encoded back', (t) => {
  const cases: [ColumnType, unknown, unknown][] = [
    [{ kind: 'scalar', key: 'string' }, 'x', 'x'],
    [{ kind: 'scalar', key: 'boolean' }, true, true],
    [{ kind: 'scalar', key: 'real' }, 0.5, 0.5],
    [{ kind: 'scalar', key: 'uuid' }, ['uuid', uuid], uuid],
    [{ kind: 'optional', key: 'integer' }, ['set', []], undefined],
    [{ kind: 'optional', key: 'integer' }, 7, 7],
    [{ kind: 'set', key: 'string' }, ['set', ['a', 'b']], ['a', 'b']],
    [{ kind: 'set', key: 'integer' }, ['set', [2, 10]], [2, 10]],
    [{ kind: 'map', key: 'string', value: 'string' }, ['map', [['k', 'v']]], new Map([['k', 'v']])],
    [{ kind: 'map', key: 'integer', value: 'uuid' }, ['map', [[0, ['uuid', uuid]]]], new Map([[0, uuid]])],
  ]
  for (const [type, json, value] of cases) {
    const decoded = decodeValue(type, json)
    t.strictSame(decoded, value)
    t.strictSame(encodeValue(type, decoded), json)
  }
  t.end()
})

t.test('a set is sorted by value and a bare atom is a set of one', (t) => {
  t.strictSame(decodeValue({ kind: 'set', key: 'integer' }, ['set', [10, 9, 100]]), [9, 10, 100])
  t.strictSame(decodeValue({ kind: 'set', key: 'string' }, 'alone'), ['alone'])
  t.strictSame(decodeValue({ kind: 'optional', key: 'string' }, ['set', ['alone']]), 'alone')
  t.end()
})

t.test('named references and bigints are encoded', (t) => {
  t.strictSame(encodeValue({ kind: 'set', key: 'uuid' }, [namedUuid('port')]), ['set', [['named-uuid', 'port']]])
  t.equal(encodeValue({ kind: 'scalar', key: 'integer' }, 12345678901234n), 12345678901234)
  t.throws(() => namedUuid('0 is no letter'), { code: 'bad value' })
  t.end()
})

t.test('what does not fit its column is refused in both directions', (t) => {
  const integer: ColumnType = { kind: 'scalar', key: 'integer' }
  t.throws(() => decodeValue(integer, 'x'), { code: 'protocol error', message: /"x" is not an atom of type integer/ })
  t.throws(() => decodeValue(integer, 1.5), { code: 'protocol error' })
  t.throws(() => decodeValue({ kind: 'optional', key: 'integer' }, ['set', [1, 2]]), { code: 'protocol error' })
  t.throws(() => decodeValue({ kind: 'scalar', key: 'uuid' }, ['uuid', 'nonsense']), { code: 'protocol error' })
  t.throws(() => decodeValue({ kind: 'map', key: 'string', value: 'string' }, ['map', [['k']]]), {
    code: 'protocol error',
  })
  t.throws(() => encodeValue(integer, undefined), { code: 'bad value' })
  t.throws(() => encodeValue(integer, 0.5), { code: 'bad value' })
  t.throws(() => encodeValue({ kind: 'set', key: 'string' }, 'alone'), {
    code: 'bad value',
    message: /"alone" is not a set/,
  })
  t.end()
})

t.test('a column that the server left out has the default of its type', (t) => {
  t.equal(defaultValue({ kind: 'scalar', key: 'string' }), '')
  t.equal(defaultValue({ kind: 'scalar', key: 'integer' }), 0)
  t.equal(defaultValue({ kind: 'scalar', key: 'boolean' }), false)
  t.equal(defaultValue({ kind: 'scalar', key: 'uuid' }), '00000000-0000-0000-0000-000000000000')
  t.equal(defaultValue({ kind: 'optional', key: 'integer' }), undefined)
  t.strictSame(defaultValue({ kind: 'set', key: 'string' }), [])
  t.strictSame(defaultValue({ kind: 'map', key: 'string', value: 'string' }), new Map())
  t.end()
})

t.test('values are equal by content', (t) => {
  t.ok(equalValues(['a'], ['a']))
  t.notOk(equalValues(['a'], ['a', 'b']))
  t.ok(equalValues(new Map([['k', 1]]), new Map([['k', 1]])))
  t.notOk(equalValues(new Map([['k', 1]]), new Map([['k', 2]])))
  t.notOk(equalValues(undefined, 0))
  t.end()
})

t.test('a UUID is read in either case', (t) => {
  t.strictSame(parseUuid(uuid.toUpperCase()), { ok: true, value: uuid })
  t.match(parseUuid('5a3c'), { ok: false, reason: '"5a3c" is not a UUID' })
  t.end()
})
