import { PersistentMap } from '../persistent/persistent-map.js'

/** What has to be put and what has to go so that one table becomes another. */
export interface TableDiff<K, V> {
  readonly put: readonly (readonly [K, V])[]
  readonly gone: readonly (readonly [K, V])[]
}

/** It costs what differs where one was made from the other, see PersistentMap; one object on both sides costs nothing. */
export function diffTables<K extends string, V>(
  applied: ReadonlyMap<K, V>,
  desired: ReadonlyMap<K, V>,
  same: (a: V, b: V) => boolean = Object.is,
): TableDiff<K, V> {
  const put: (readonly [K, V])[] = []
  const gone: (readonly [K, V])[] = []
  PersistentMap.differences(applied, desired, (key, present, value) => {
    if (value === undefined) {
      if (present !== undefined) gone.push([key, present])
    } else if (present === undefined || !same(present, value)) put.push([key, value])
  })
  return { put, gone }
}

/** What the kernel has where a call failed: something, but not what was asked for. It is like no other list. */
export const unknownList: readonly never[] = []

/** Lists are kept sorted, so order is no difference. */
export function sameList(a: readonly string[], b: readonly string[]): boolean {
  if (a === unknownList) return false
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]))
}

/** For flat entries of one shape. */
export function sameFields<V extends object>(a: V, b: V): boolean {
  return a === b || (Object.keys(b) as (keyof V)[]).every((field) => a[field] === b[field])
}
