/**
 * The function, with the result of the last call kept: a call with the same arguments (by identity) answers the same object.
 *
 * Rows and tables of a replica keep their identity while they do not change, so a pass costs what has changed.
 */
export function memoLast<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | undefined
  return (...args) => {
    if (last === undefined || last.args.some((argument, index) => argument !== args[index])) {
      last = { args, result: compute(...args) }
    }
    return last.result
  }
}

/** `memoLast` for a function of one object, whose fields are what it is made of. */
export function memoFields<I extends object, R>(compute: (input: I) => R): (input: I) => R {
  let last: { readonly input: I; readonly result: R } | undefined
  return (input) => {
    const fields = Object.keys(input) as (keyof I)[]
    const former = last?.input
    if (last === undefined || fields.some((field) => former?.[field] !== input[field]))
      last = { input, result: compute(input) }
    return last.result
  }
}

/** Makes the function that answers its last answer again where a map with the same entries, by identity, is given. */
export function keepEqual<K, V>(): (map: ReadonlyMap<K, V>) => ReadonlyMap<K, V> {
  let kept: ReadonlyMap<K, V> | undefined
  return (map) => {
    if (kept === undefined || !hasSameEntries(kept, map)) kept = map
    return kept
  }
}

function hasSameEntries<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of b) if (a.get(key) !== value) return false
  return true
}
