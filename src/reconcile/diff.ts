/** What has to be put and what has to go so that one table becomes another. */
export interface TableDiff<K, V> {
  readonly put: readonly (readonly [K, V])[]
  readonly gone: readonly (readonly [K, V])[]
}

/** One object on both sides is a table that did not change: nothing in it is looked at. */
export function diffTables<K, V>(
  applied: ReadonlyMap<K, V>,
  desired: ReadonlyMap<K, V>,
  same: (a: V, b: V) => boolean = Object.is,
): TableDiff<K, V> {
  if (applied === desired) return { put: [], gone: [] }
  const put: (readonly [K, V])[] = []
  const gone: (readonly [K, V])[] = []
  let kept = 0
  for (const [key, value] of desired) {
    const present = applied.get(key)
    if (present !== undefined) kept += 1
    if (present === undefined || !same(present, value)) put.push([key, value])
  }
  if (kept < applied.size) for (const [key, value] of applied) if (!desired.has(key)) gone.push([key, value])
  return { put, gone }
}

/** Lists are kept sorted, so order is no difference. */
export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]))
}

/** For flat entries of one shape. */
export function sameFields<V extends object>(a: V, b: V): boolean {
  return a === b || (Object.keys(b) as (keyof V)[]).every((field) => a[field] === b[field])
}
