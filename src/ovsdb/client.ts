import type { DatabaseDescription, Selection } from './description.js'
import type { Endpoint, TlsOptions } from './endpoint.js'
import type { Operation, OperationResult } from './operation.js'
import type { Replica } from './replica.js'

/** Where the client says what happened: an event in snake_case and its fields. */
export interface Log {
  readonly debug: (event: string, fields?: object) => void
  readonly info: (event: string, fields?: object) => void
  readonly warn: (event: string, fields?: object) => void
}

export type ConnectionState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'synchronizing' }
  | { readonly kind: 'synced'; readonly lock: 'held' | 'waiting' | 'none' }
  | { readonly kind: 'backoff'; readonly untilMs: number; readonly reason: string }

export interface OvsdbClientOptions<T> {
  readonly endpoint: Endpoint
  readonly database: DatabaseDescription<T>
  /** Which tables and columns to monitor; default all. */
  readonly monitor?: Selection<T>
  /** Name of a lock to hold; each transaction then asserts it. */
  readonly lock?: string
  readonly tls?: TlsOptions
  readonly log: Log
  readonly onChange: (replica: Replica<T>) => void
  readonly onState: (state: ConnectionState) => void
}

export class OvsdbClient<T> {
  constructor(options: OvsdbClientOptions<T>) {
    void options
  }
  start(): void {
    throw new Error('not built')
  }
  close(): Promise<void> {
    throw new Error('not built')
  }
  get state(): ConnectionState {
    throw new Error('not built')
  }
  get replica(): Replica<T> {
    throw new Error('not built')
  }
  transact(operations: readonly Operation[]): Promise<readonly OperationResult[]> {
    void operations
    throw new Error('not built')
  }
}
