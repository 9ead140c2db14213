import { formatEndpoint, type Endpoint, type TlsOptions } from './endpoint.js'
import { OvsdbError, toOvsdbError } from './error.js'
import type { Log } from './log.js'
import {
  reconnectDeadlineMs,
  stepReconnect,
  type ReconnectEffect,
  type ReconnectInput,
  type ReconnectState,
  type ReconnectTiming,
} from './reconnect.js'
import { openSession, type Session } from './session.js'

export interface ConnectionOptions {
  readonly endpoint: Endpoint
  readonly tls: TlsOptions | undefined
  readonly timing: ReconnectTiming
  readonly log: Log
  readonly onConnecting: () => void
  readonly onOpen: (session: Session) => void
  readonly onNotification: (session: Session, method: string, params: readonly unknown[]) => void
  /** Whatever was to be dispatched for now has been dispatched. */
  readonly onTurnEnd: () => void
  /** The session, if there was one, is over; `retryInMs` from now the next attempt begins. */
  readonly onBackoff: (error: OvsdbError, retryInMs: number) => void
}

/** A connection that is made again whenever it is lost. */
export interface Connection {
  readonly start: () => void
  /** Resolves when the socket is gone; may be repeated. */
  readonly close: () => Promise<void>
}

/** The driver of the reconnect machine: owns the socket and the one timer. */
export function createConnection(options: ConnectionOptions): Connection {
  const { timing, log } = options
  const endpoint = formatEndpoint(options.endpoint)
  let state: ReconnectState = { kind: 'stopped' }
  let session: Session | undefined
  let timer: { readonly handle: NodeJS.Timeout; readonly atMs: number } | undefined

  const step = (input: ReconnectInput): void => {
    const next = stepReconnect(state, input, performance.now(), timing)
    state = next.state
    next.effects.forEach(run)
    armTimer()
  }

  const run = (effect: ReconnectEffect): void => {
    switch (effect.kind) {
      case 'connect':
        connect()
        return
      case 'probe':
        session?.probe()
        return
      case 'disconnect':
        session?.close(new OvsdbError(effect.code, effect.reason))
    }
  }

  const connect = (): void => {
    options.onConnecting()
    log.debug('ovsdb_connecting', { endpoint })
    try {
      const opened: Session = openSession(options.endpoint, options.tls, {
        onOpen: () => {
          step({ kind: 'connected' })
          log.debug('ovsdb_connected', { endpoint })
          options.onOpen(opened)
          options.onTurnEnd()
        },
        onReceived: () => {
          step({ kind: 'received' })
        },
        onNotification: (method, params) => {
          options.onNotification(opened, method, params)
        },
        onTurnEnd: options.onTurnEnd,
        onClosed: lose,
      })
      session = opened
    } catch (thrown) {
      lose(toOvsdbError(thrown, 'connection failed'))
    }
  }

  const lose = (error: OvsdbError): void => {
    session = undefined
    step({ kind: 'closed', reason: error.message })
    if (state.kind === 'backoff') {
      const retryInMs = Math.max(0, Math.round(state.untilMs - performance.now()))
      log.warn('ovsdb_disconnected', { endpoint, code: error.code, reason: error.details, retryInMs })
      options.onBackoff(error, retryInMs)
    }
    options.onTurnEnd()
  }

  /** A timer that rings too early is left alone, so that traffic costs no timers. */
  const armTimer = (): void => {
    const deadlineMs = reconnectDeadlineMs(state, timing)
    if (timer && deadlineMs !== undefined && timer.atMs <= deadlineMs) return
    clearTimeout(timer?.handle)
    timer = undefined
    if (deadlineMs === undefined) return
    timer = { handle: setTimeout(ring, Math.ceil(deadlineMs - performance.now())), atMs: deadlineMs }
  }

  /** After a long pause of this process the peer's answer may lie in the socket: it is read before the peer is judged. */
  const ring = (): void => {
    timer = undefined
    setImmediate(() => {
      step({ kind: 'time' })
      options.onTurnEnd()
    })
  }

  return {
    start: () => {
      step({ kind: 'start' })
      options.onTurnEnd()
    },
    close: async () => {
      const ending = session
      step({ kind: 'stop' })
      ending?.close(new OvsdbError('not connected', 'the client was closed'))
      await ending?.closed
    },
  }
}
