import { createConnection, type Connection } from './connection.js'
import { beginDraft, emptyContents, replaceContents, type Contents, type Draft } from './contents.js'
import { tablesOf, type DatabaseDescription, type Selection, type TableDescriptions } from './description.js'
import type { Endpoint, TlsOptions } from './endpoint.js'
import { OvsdbError } from './error.js'
import { lockAfter, type LockState } from './lock.js'
import { fitOperations } from './fit-operations.js'
import type { Log } from './log.js'
import { readUpdate, type MonitorNews } from './monitor.js'
import type { ServerSchema } from './monitored-columns.js'
import { checkedId } from './notation.js'
import type { Operation, OperationResult } from './operation.js'
import { defaultTiming, type ReconnectTiming } from './reconnect.js'
import { replicaOf, type Replica } from './replica.js'
import type { Session } from './session.js'
import { synchronize, type ResumePoint, type Synchronized } from './synchronize.js'
import { readTransactResult, transactParams } from './transaction.js'

/** What the client is at. `untilMs` is in epoch milliseconds, for people; the client itself counts on a clock that does not step. */
export type ConnectionState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'connecting' }
  /** Connected; the first dump has not arrived. The replica is that of the last connection. */
  | { readonly kind: 'synchronizing' }
  | { readonly kind: 'synced'; readonly lock: LockState; readonly schemaVersion: string }
  | { readonly kind: 'backoff'; readonly untilMs: number; readonly reason: OvsdbError }

export interface OvsdbClientOptions<T> {
  readonly endpoint: Endpoint
  readonly database: DatabaseDescription<T>
  /** Which tables and columns to monitor; default all. What the server's schema lacks is left out in any case. */
  readonly monitor?: Selection<T>
  /** A lock to hold: letters, digits and underscores. Every transaction then fails with `not owner` unless it is held. Default none. */
  readonly lock?: string
  /** Needed for an `ssl:` endpoint. */
  readonly tls?: TlsOptions
  readonly timing?: Partial<ReconnectTiming>
  readonly log: Log
  /** Called once per batch of transactions, never in the middle of one, and after each dump that changed something or was the first. */
  readonly onChange: (replica: Replica<T>) => void
  readonly onState: (state: ConnectionState) => void
}

/**
 * A client of one database of an ovsdb-server: RFC 7047 with the monitors of ovsdb-server(7).
 *
 * The replica is kept while the connection is lost, and replaced as a whole by the dump of the next one.
 */
export class OvsdbClient<T> {
  readonly #options: OvsdbClientOptions<T>
  readonly #tables: TableDescriptions
  readonly #connection: Connection
  #session: Session | undefined
  #state: ConnectionState = { kind: 'stopped' }
  #lock: LockState = 'none'
  #contents: Contents
  #replica: Replica<T>
  #draft: Draft | undefined
  #resume: ResumePoint | undefined
  #schema: ServerSchema | undefined
  #hasDump = false
  #isStateNew = false
  #isReplicaNew = false

  /** @throws OvsdbError `bad value` when the lock's name is none. */
  constructor(options: OvsdbClientOptions<T>) {
    if (options.lock !== undefined) checkedId(options.lock)
    this.#options = options
    this.#tables = tablesOf(options.database)
    this.#contents = emptyContents(this.#tables)
    this.#replica = replicaOf(this.#contents)
    this.#connection = createConnection({
      endpoint: options.endpoint,
      tls: options.tls,
      timing: { ...defaultTiming, ...options.timing },
      log: options.log,
      onConnecting: () => {
        this.#enter({ kind: 'connecting' })
      },
      onOpen: (session) => {
        this.#synchronize(session)
      },
      onNotification: (session, method, params) => {
        this.#takeNotification(session, method, params)
      },
      onTurnEnd: () => {
        this.#report()
      },
      onBackoff: (reason, retryInMs) => {
        this.#session = undefined
        this.#enter({ kind: 'backoff', untilMs: Date.now() + retryInMs, reason })
      },
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The last known contents; empty tables before the first dump. */
  get replica(): Replica<T> {
    return this.#replica
  }

  /**
   * The operations without what the schema of the server lacks, for `transact`: an older one may lack tables and columns of the description.
   * Before the first dump nothing is known to be lacking.
   */
  fit(operations: readonly Operation[]): readonly Operation[] {
    return this.#schema === undefined ? operations : fitOperations(operations, this.#schema)
  }

  /** Connects, and from then on again whenever the connection is lost. */
  start(): void {
    this.#connection.start()
  }

  /** Disconnects for good; what is under way fails with `connection lost`. Resolves when the socket is gone; may be repeated. */
  async close(): Promise<void> {
    const closed = this.#connection.close()
    this.#session = undefined
    if (this.#state.kind !== 'stopped') this.#enter({ kind: 'stopped' })
    this.#report()
    await closed
  }

  /**
   * Runs the operations as one transaction (RFC 7047 section 4.1.3).
   *
   * By the time the promise settles, `onChange` has brought what the transaction did to monitored columns.
   *
   * @returns one result per operation.
   * @throws OvsdbError: `not connected` when nothing was sent; `connection lost` when the outcome is unknown; `timed out` when a `wait` guard
   * did not hold; otherwise the server's code.
   */
  transact(operations: readonly Operation[]): Promise<readonly OperationResult[]> {
    const { database, lock } = this.#options
    return new Promise((resolve, reject) => {
      if (this.#state.kind !== 'synced' || !this.#session) {
        reject(new OvsdbError('not connected', `the client is ${this.#state.kind}`))
        return
      }
      this.#session.request('transact', transactParams(database.name, operations, lock), (reply) => {
        if (reply.kind === 'refused') {
          reject(reply.error)
          return
        }
        try {
          resolve(readTransactResult(operations, lock, reply.result))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
  }

  #synchronize(session: Session): void {
    const { database, monitor, lock } = this.#options
    this.#enter({ kind: 'synchronizing' })
    this.#session = session
    this.#lock = lock === undefined ? 'none' : 'waiting'
    const request = { database: database.name, tables: this.#tables, selection: monitor, lock, resume: this.#resume }
    synchronize(session, request, {
      onLock: (state) => {
        this.#lock = state
      },
      onDone: (result) => {
        this.#takeDump(result)
      },
      onFailed: (error) => {
        session.close(error)
      },
    })
  }

  #takeDump({ news, columns, schema, method, missing }: Synchronized): void {
    const schemaVersion = schema.version
    this.#schema = schema
    this.#take(news)
    this.#resume = { columns, transaction: news.transaction }
    if (!this.#hasDump) this.#isReplicaNew = true
    this.#hasDump = true
    this.#enter({ kind: 'synced', lock: this.#lock, schemaVersion })
    this.#options.log.info('ovsdb_synced', { method, schemaVersion, lock: this.#lock, missing })
  }

  #takeNotification(session: Session, method: string, params: readonly unknown[]): void {
    if (method === 'monitor_canceled') {
      session.close(new OvsdbError('connection lost', 'the server canceled the monitor: its schema changes'))
      return
    }
    const news = readUpdate(method, params)
    if (news) {
      this.#take(news)
      if (this.#resume) this.#resume = { ...this.#resume, transaction: news.transaction }
      return
    }
    this.#lock = lockAfter(this.#lock, this.#options.lock, method, params)
    if (this.#state.kind === 'synced' && this.#state.lock !== this.#lock)
      this.#enter({ ...this.#state, lock: this.#lock })
  }

  #take(news: MonitorNews): void {
    if (news.isWhole) {
      const contents = replaceContents(this.#tables, this.#contents, news.updates)
      this.#draft = undefined
      this.#setContents(contents)
      return
    }
    try {
      this.#draft ??= beginDraft(this.#tables, this.#contents)
      this.#draft.apply(news.updates)
    } catch (error) {
      // What the replica lacks now cannot be asked for as a difference. What came before this message stands.
      this.#resume = undefined
      throw error
    }
  }

  #setContents(contents: Contents): void {
    const isSame = [...contents].every(([table, rows]) => this.#contents.get(table) === rows)
    if (isSame) return
    this.#contents = contents
    this.#replica = replicaOf(contents)
    this.#isReplicaNew = true
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    this.#isStateNew = true
  }

  /** Calls back at the end of a turn, never amid the messages of one: then the replica, the state and the lock belong together. */
  #report(): void {
    if (this.#draft) this.#setContents(this.#draft.contents())
    this.#draft = undefined
    const { onState, onChange } = this.#options
    const [isStateNew, isReplicaNew] = [this.#isStateNew, this.#isReplicaNew]
    this.#isStateNew = false
    this.#isReplicaNew = false
    if (isStateNew) onState(this.#state)
    if (isReplicaNew) onChange(this.#replica)
  }
}
