import type { Uuid } from './notation.js'

/**
 * The contents of the database at one moment. A replica never changes: each transaction that the server reports makes a new one, in which
 * unchanged rows, and unchanged tables as a whole, are the same objects as before.
 */
export interface Replica<T> {
  readonly table: <N extends keyof T>(name: N) => ReadonlyMap<Uuid, T[N]>
}
