import { OvsdbError, toOvsdbError } from '../ovsdb/error.js'
import type { Operation, OperationResult } from '../ovsdb/operation.js'

/** How long after a refused transaction the next is tried: the first pause, doubled up to the longest. */
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 10_000

export interface PublisherOptions {
  /** What is to be written now, from the freshest replica; undefined: nothing may be written now. */
  readonly build: () => readonly Operation[] | undefined
  readonly transact: (operations: readonly Operation[]) => Promise<readonly OperationResult[]>
  readonly log: {
    readonly debug: (event: string, fields?: object) => void
    readonly warn: (event: string, fields?: object) => void
  }
  /** Called when the database says all that it is to say. */
  readonly onSettled: () => void
}

type PublisherState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'in flight' }
  | { readonly kind: 'pausing'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'closed' }

/**
 * Writes, one transaction at a time. A transaction that lost a race is built anew from what the database has become.
 */
export class Publisher {
  readonly #options: PublisherOptions
  #state: PublisherState = { kind: 'idle' }
  #refusals = 0
  #lastError: OvsdbError | undefined
  #lastSuccess: readonly Operation[] = []

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Why the last transaction was refused, while none has succeeded since. */
  get lastError(): OvsdbError | undefined {
    return this.#lastError
  }

  /** Something changed: the replica, or what is to be said. */
  wake(): void {
    switch (this.#state.kind) {
      case 'idle':
        this.#publish()
        return
      case 'in flight':
      case 'pausing':
      // Both end in building anew.
      case 'closed':
        return
    }
  }

  /** The database can be written again after it was away: what it refused before is offered anew at once. */
  resume(): void {
    if (this.#state.kind === 'closed') return
    this.#refusals = 0
    if (this.#state.kind === 'in flight') return
    if (this.#state.kind === 'pausing') clearTimeout(this.#state.timer)
    this.#publish()
  }

  /** What is under way ends with the connection; nothing new begins. */
  close(): void {
    if (this.#state.kind === 'pausing') clearTimeout(this.#state.timer)
    this.#state = { kind: 'closed' }
  }

  #publish(): void {
    const operations = this.#options.build()
    if (operations === undefined) {
      this.#state = { kind: 'idle' }
      return
    }
    if (operations.length === 0) {
      this.#lastSuccess = []
      this.#state = { kind: 'idle' }
      this.#options.onSettled()
      return
    }
    this.#state = { kind: 'in flight' }
    this.#options.transact(operations).then(
      () => this.#succeed(operations),
      (thrown: unknown) => {
        const error = toOvsdbError(thrown, 'other')
        if (isDisconnection(error)) this.#lose(error)
        else this.#fail(error)
      },
    )
  }

  /** The replica has the transaction by now; whether it says everything is seen by building once more. */
  #succeed(operations: readonly Operation[]): void {
    if (this.#state.kind === 'closed') return
    this.#options.log.debug('published', { operations: operations.length })
    if (isRepetition(operations, this.#lastSuccess)) {
      this.#fail(new OvsdbError('other', 'a transaction succeeded and changed nothing'))
      return
    }
    this.#lastSuccess = operations
    this.#refusals = 0
    this.#lastError = undefined
    this.#publish()
  }

  /** Nobody refused anything: `resume` looks at what came of it. */
  #lose(error: OvsdbError): void {
    if (this.#state.kind === 'closed') return
    this.#options.log.debug('publish_interrupted', { code: error.code })
    this.#lastSuccess = []
    this.#state = { kind: 'idle' }
  }

  #fail(error: OvsdbError): void {
    if (this.#state.kind === 'closed') return
    this.#lastError = error
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#refusals, LONGEST_PAUSE_MS)
    this.#refusals += 1
    this.#options.log.warn('publish_refused', { code: error.code, table: error.table, message: error.message, pauseMs })
    const timer = setTimeout(() => this.#publish(), pauseMs)
    this.#state = { kind: 'pausing', timer }
  }
}

function isDisconnection({ code }: OvsdbError): boolean {
  return code === 'not connected' || code === 'connection lost'
}

/** A database that takes a transaction and stays as it was must not be asked again at once, forever. */
function isRepetition(operations: readonly Operation[], former: readonly Operation[]): boolean {
  return operations.length === former.length && JSON.stringify(operations) === JSON.stringify(former)
}
