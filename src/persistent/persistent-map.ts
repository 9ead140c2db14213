/** How many entries a chunk has at the most, and at the least where there are several, on average. */
const MOST = 256
const FEWEST = 16
const GROWTH = 4

/**
 * A map that never changes. One that is made from it by `edit` shares with it all but the chunks that were touched, so that a
 * change costs about a chunk whatever the size, and what differs between the two is found without looking at the rest.
 *
 * Entries lie in chunks by a hash of their key. The order is that of insertion while one chunk is enough, else none.
 */
export class PersistentMap<K extends string, V> implements ReadonlyMap<K, V> {
  readonly size: number
  readonly #chunks: readonly ReadonlyMap<K, V>[]

  private constructor(chunks: readonly ReadonlyMap<K, V>[], size: number) {
    this.#chunks = chunks
    this.size = size
  }

  static from<K extends string, V>(entries: Iterable<readonly [K, V]>): PersistentMap<K, V> {
    const draft = new PersistentMap<K, V>([new Map()], 0).edit()
    for (const [key, value] of entries) draft.set(key, value)
    return draft.finish()
  }

  /** Begins another map with these entries. */
  edit(): MapDraft<K, V> {
    return new MapDraft(this.#chunks, this.size, (chunks, size) =>
      chunks === this.#chunks ? this : new PersistentMap(chunks, size),
    )
  }

  get(key: K): V | undefined {
    return chunkOf(this.#chunks, key)?.get(key)
  }

  has(key: K): boolean {
    return chunkOf(this.#chunks, key)?.has(key) === true
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const chunk of this.#chunks) for (const [key, value] of chunk) visit(value, key, this)
  }

  *entries(): Generator<[K, V], undefined> {
    for (const chunk of this.#chunks) yield* chunk
    return undefined
  }

  *keys(): Generator<K, undefined> {
    for (const chunk of this.#chunks) yield* chunk.keys()
    return undefined
  }

  *values(): Generator<V, undefined> {
    for (const chunk of this.#chunks) yield* chunk.values()
    return undefined
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries()
  }

  /**
   * Visits each key that has another value, by identity, in the second map than in the first; undefined: it is not there. It costs
   * what differs where the one was made from the other, and looks at all entries of any other two maps.
   */
  static differences<K extends string, V>(
    before: ReadonlyMap<K, V>,
    after: ReadonlyMap<K, V>,
    visit: (key: K, before: V | undefined, after: V | undefined) => void,
  ): void {
    const [former, chunks] = [PersistentMap.#chunksOf(before), PersistentMap.#chunksOf(after)]
    if (former.length !== chunks.length) compare(before, after, visit)
    else chunks.forEach((chunk, index) => compare(former[index] ?? chunk, chunk, visit))
  }

  static #chunksOf<K extends string, V>(map: ReadonlyMap<K, V>): readonly ReadonlyMap<K, V>[] {
    return map instanceof PersistentMap ? (map as PersistentMap<K, V>).#chunks : [map]
  }
}

/** A map in the making. Of no use once it is finished. */
export class MapDraft<K extends string, V> {
  readonly #finish: (chunks: readonly ReadonlyMap<K, V>[], size: number) => PersistentMap<K, V>
  #chunks: readonly ReadonlyMap<K, V>[]
  #size: number
  /** The chunks that are this draft's own, by their place; made at the first change. */
  #own: (Map<K, V> | undefined)[] | undefined

  constructor(
    chunks: readonly ReadonlyMap<K, V>[],
    size: number,
    finish: (chunks: readonly ReadonlyMap<K, V>[], size: number) => PersistentMap<K, V>,
  ) {
    this.#chunks = chunks
    this.#size = size
    this.#finish = finish
  }

  get(key: K): V | undefined {
    const index = indexOf(key, this.#chunks.length)
    return (this.#own?.[index] ?? this.#chunks[index])?.get(key)
  }

  set(key: K, value: V): void {
    const chunk = this.#writable(key)
    const before = chunk.size
    chunk.set(key, value)
    this.#size += chunk.size - before
    if (this.#size > this.#chunks.length * MOST) this.#divide(this.#chunks.length * GROWTH)
  }

  delete(key: K): void {
    if (this.get(key) === undefined) return
    if (this.#writable(key).delete(key)) this.#size -= 1
    if (this.#chunks.length > 1 && this.#size < this.#chunks.length * FEWEST) this.#divide(this.#chunks.length / GROWTH)
  }

  /** The very map that the draft began with when nothing was written. */
  finish(): PersistentMap<K, V> {
    return this.#finish(this.#merged(), this.#size)
  }

  #merged(): readonly ReadonlyMap<K, V>[] {
    const own = this.#own
    return own === undefined ? this.#chunks : this.#chunks.map((chunk, index) => own[index] ?? chunk)
  }

  #writable(key: K): Map<K, V> {
    const index = indexOf(key, this.#chunks.length)
    this.#own ??= []
    return (this.#own[index] ??= new Map(this.#chunks[index]))
  }

  #divide(count: number): void {
    const divided = Array.from({ length: count }, () => new Map<K, V>())
    for (const chunk of this.#merged()) for (const [key, value] of chunk) divided[indexOf(key, count)]?.set(key, value)
    this.#chunks = divided
    this.#own = divided
  }
}

function compare<K, V>(
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
  visit: (key: K, before: V | undefined, after: V | undefined) => void,
): void {
  if (before === after) return
  let kept = 0
  for (const [key, value] of after) {
    const former = before.get(key)
    if (former !== undefined) kept += 1
    if (former !== value) visit(key, former, value)
  }
  if (kept < before.size) for (const [key, value] of before) if (!after.has(key)) visit(key, value, undefined)
}

function chunkOf<K extends string, V>(chunks: readonly ReadonlyMap<K, V>[], key: K): ReadonlyMap<K, V> | undefined {
  return chunks[indexOf(key, chunks.length)]
}

/** FNV-1a of 32 bits, folded: the number of chunks is a power of two. */
function indexOf(key: string, count: number): number {
  if (count === 1) return 0
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  return (hash ^ (hash >>> 15)) & (count - 1)
}
