import type { Uuid } from '../ovsdb/notation.js'

/** What is made once for each logical switch and kept while that is there. */
export interface PerSwitch<R> {
  readonly of: (id: Uuid) => R
  readonly keepOnly: (ids: ReadonlyMap<Uuid, unknown>) => void
}

export function createPerSwitch<R>(make: () => R): PerSwitch<R> {
  const made = new Map<Uuid, R>()
  return {
    of: (id) => {
      const former = made.get(id)
      if (former !== undefined) return former
      const fresh = make()
      made.set(id, fresh)
      return fresh
    },
    keepOnly: (ids) => {
      for (const id of made.keys()) if (!ids.has(id)) made.delete(id)
    },
  }
}
