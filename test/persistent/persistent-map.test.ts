import t from 'tap'
import { PersistentMap } from '../../src/persistent/persistent-map.js'
import { seededRandom } from '../lab/seeded-random.js'

/** What is visited, as text: the whole is too large to be compared member by member. */
function differences(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string {
  const visited = new Map<string, string>()
  PersistentMap.differences(before, after, (key, former, value) => {
    if (visited.has(key)) throw new Error(`${key} was visited twice`)
    visited.set(key, `${former ?? 'nothing'} to ${value ?? 'nothing'}`)
  })
  return textOf(visited)
}

function textOf(map: ReadonlyMap<string, unknown>): string {
  return [...map]
    .map(([key, value]) => `${key}: ${String(value)}\n`)
    .sort()
    .join('')
}

t.test('whatever is written, a map says what a plain one says, and the maps before it say what they said', (t) => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = seededRandom(seed)
    // Many keys come, then many go: chunks are divided and put together again.
    let plain: ReadonlyMap<string, number> = new Map()
    let map = PersistentMap.from<string, number>([])
    for (let turn = 0; turn < 12; turn += 1) {
      const [formerPlain, former] = [plain, map]
      const next = new Map(plain)
      const draft = map.edit()
      const writes = Math.floor(random() * 2_000)
      for (let write = 0; write < writes; write += 1) {
        const key = `key ${Math.floor(random() * 3_000)}`
        if (random() < (turn < 6 ? 0.1 : 0.9)) {
          next.delete(key)
          draft.delete(key)
        } else {
          const value = Math.floor(random() * 3)
          next.set(key, value)
          draft.set(key, value)
        }
        if (write === 0) t.equal(draft.get(key), next.get(key))
      }
      plain = next
      map = draft.finish()
      t.equal(map.size, plain.size, `seed ${seed} turn ${turn}`)
      t.equal(textOf(map), textOf(plain))
      t.equal(textOf(former), textOf(formerPlain), 'the map before is as it was')
      t.equal(differences(former, map), differences(formerPlain, plain))
      t.equal(differences(map, former), differences(plain, formerPlain))
      t.equal(differences(former, plain), differences(formerPlain, plain), 'also beside a plain map')
    }
  }
  t.end()
})

t.test('all ways to read a map agree', (t) => {
  const map = PersistentMap.from<string, number>(
    Array.from({ length: 1_000 }, (_, index) => [`key ${index}`, index] as const),
  )
  const visited: [string, number][] = []
  map.forEach((value, key, whole) => {
    t.equal(whole, map)
    visited.push([key, value])
  })
  t.same(visited, [...map])
  t.same([...map.entries()], [...map])
  t.same(
    [...map.keys()],
    visited.map(([key]) => key),
  )
  t.same(
    [...map.values()],
    visited.map(([, value]) => value),
  )
  t.ok(visited.every(([key, value]) => map.has(key) && map.get(key) === value))
  t.notOk(map.has('no such key'))
  t.end()
})

t.test('a draft to which nothing was written is the map that it began with', (t) => {
  const map = PersistentMap.from<string, number>([['a', 1]])
  const draft = map.edit()
  draft.delete('b')
  t.equal(draft.finish(), map)
  t.end()
})

t.test('what differs between a large map and one made from it is found without looking at the rest', (t) => {
  let looks = 0
  const entries = Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, { index }] as const)
  const map = PersistentMap.from<string, object>(entries)
  const draft = map.edit()
  draft.set('key 5', { index: -5 })
  const changed = draft.finish()
  const { get } = Map.prototype as { get: (this: Map<unknown, unknown>, key: unknown) => unknown }
  Map.prototype.get = function (this: Map<unknown, unknown>, key) {
    looks += 1
    return get.call(this, key)
  }
  try {
    const found: string[] = []
    PersistentMap.differences(map, changed, (key) => found.push(key))
    t.same(found, ['key 5'])
  } finally {
    Map.prototype.get = get
  }
  t.ok(looks < 1_000, `${looks} look-ups`)
  t.end()
})
