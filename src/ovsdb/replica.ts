import type { Contents } from './contents.js'
import type { Uuid } from './notation.js'

/**
 * The contents of the database at one moment. A replica never changes: each transaction that the server reports makes a new one, in which
 * unchanged rows, and unchanged tables as a whole, are the same objects as before.
 */
export interface Replica<T> {
  readonly table: <N extends keyof T>(name: N) => ReadonlyMap<Uuid, T[N]>
}

/** Gives decoded contents their row types. `T` and the description by which the rows were decoded are generated from one schema. */
export function replicaOf<T>(contents: Contents): Replica<T> {
  return {
    table: <N extends keyof T>(name: N) => (contents.get(String(name)) ?? new Map()) as ReadonlyMap<Uuid, T[N]>,
  }
}
