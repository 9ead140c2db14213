/** How patient a connection is; all in milliseconds. */
export interface ReconnectTiming {
  /** Wait after the first failure; doubled by each further one. Default 250. */
  readonly minBackoffMs: number
  /** Longest wait between two attempts. Default 8000, as OVS has it. */
  readonly maxBackoffMs: number
  /** How long an attempt to connect, TLS included, may take. Default 5000. */
  readonly connectTimeoutMs: number
  /** Silence of the peer after which it is probed, and again after which it is given up; 0 never probes. Default 5000. */
  readonly probeIntervalMs: number
}

export const defaultTiming: ReconnectTiming = {
  minBackoffMs: 250,
  maxBackoffMs: 8000,
  connectTimeoutMs: 5000,
  probeIntervalMs: 5000,
}

/** `backoffMs` is the wait that the last failure earned. Times are those of the `nowMs` argument, any clock that does not step. */
export type ReconnectState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'backoff'; readonly untilMs: number; readonly backoffMs: number; readonly reason: string }
  | { readonly kind: 'connecting'; readonly sinceMs: number; readonly backoffMs: number }
  | { readonly kind: 'active'; readonly sinceMs: number; readonly receivedMs: number; readonly backoffMs: number }
  | {
      readonly kind: 'idle'
      readonly sinceMs: number
      readonly receivedMs: number
      readonly probedMs: number
      readonly backoffMs: number
    }

export type ReconnectInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'received' }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'time' }

export type ReconnectEffect =
  | { readonly kind: 'connect' }
  | { readonly kind: 'probe' }
  | { readonly kind: 'disconnect'; readonly code: 'connection failed' | 'peer silent'; readonly reason: string }

export interface ReconnectStep {
  readonly state: ReconnectState
  readonly effects: readonly ReconnectEffect[]
}

/**
 * The life of a connection, after OVS's reconnect.py: no sockets, no clock, no timers. An input that means nothing in a state leaves it as it is.
 * The first attempt and the one after a connection that had lasted are not delayed beyond `minBackoffMs`.
 */
export function stepReconnect(
  state: ReconnectState,
  input: ReconnectInput,
  nowMs: number,
  timing: ReconnectTiming,
): ReconnectStep {
  if (input.kind === 'stop') return to({ kind: 'stopped' })
  switch (state.kind) {
    case 'stopped':
      return input.kind === 'start' ? connect(0, nowMs) : to(state)
    case 'backoff':
      return input.kind === 'time' && nowMs >= state.untilMs ? connect(state.backoffMs, nowMs) : to(state)
    case 'connecting':
      return stepConnecting(state, input, nowMs, timing)
    case 'active':
    case 'idle':
      return stepConnected(state, input, nowMs, timing)
  }
}

/** When `time` has to be put in next; undefined when nothing is waited for. */
export function reconnectDeadlineMs(state: ReconnectState, timing: ReconnectTiming): number | undefined {
  switch (state.kind) {
    case 'stopped':
      return undefined
    case 'backoff':
      return state.untilMs
    case 'connecting':
      return state.sinceMs + timing.connectTimeoutMs
    case 'active':
      return timing.probeIntervalMs === 0 ? undefined : state.receivedMs + timing.probeIntervalMs
    case 'idle':
      return state.probedMs + timing.probeIntervalMs
  }
}

type Connecting = Extract<ReconnectState, { kind: 'connecting' }>
type Connected = Extract<ReconnectState, { kind: 'active' | 'idle' }>
type Running = Exclude<ReconnectInput, { kind: 'stop' }>

function stepConnecting(state: Connecting, input: Running, nowMs: number, timing: ReconnectTiming): ReconnectStep {
  switch (input.kind) {
    case 'connected':
      return to({ kind: 'active', sinceMs: nowMs, receivedMs: nowMs, backoffMs: state.backoffMs })
    case 'closed':
      return to(backOff(state, input.reason, nowMs, timing))
    case 'time': {
      if (nowMs < state.sinceMs + timing.connectTimeoutMs) return to(state)
      const reason = `no connection within ${String(timing.connectTimeoutMs)} ms`
      return to(backOff(state, reason, nowMs, timing), { kind: 'disconnect', code: 'connection failed', reason })
    }
    case 'received':
    case 'start':
      return to(state)
  }
}

function stepConnected(state: Connected, input: Running, nowMs: number, timing: ReconnectTiming): ReconnectStep {
  const { sinceMs, receivedMs, backoffMs } = state
  switch (input.kind) {
    case 'received':
      return to({ kind: 'active', sinceMs, receivedMs: nowMs, backoffMs })
    case 'closed':
      return to(backOff(state, input.reason, nowMs, timing))
    case 'time': {
      const deadlineMs = reconnectDeadlineMs(state, timing)
      if (deadlineMs === undefined || nowMs < deadlineMs) return to(state)
      if (state.kind === 'active') {
        return to({ kind: 'idle', sinceMs, receivedMs, probedMs: nowMs, backoffMs }, { kind: 'probe' })
      }
      const reason = `no answer to a probe within ${String(timing.probeIntervalMs)} ms`
      return to(backOff(state, reason, nowMs, timing), { kind: 'disconnect', code: 'peer silent', reason })
    }
    case 'connected':
    case 'start':
      return to(state)
  }
}

function connect(backoffMs: number, nowMs: number): ReconnectStep {
  return to({ kind: 'connecting', sinceMs: nowMs, backoffMs }, { kind: 'connect' })
}

/** A connection over which the peer talked for as long as the last wait has earned a short one; everything else doubles the wait. */
function backOff(
  state: Connecting | Connected,
  reason: string,
  nowMs: number,
  timing: ReconnectTiming,
): ReconnectState {
  const hasLasted =
    state.kind !== 'connecting' && state.receivedMs - state.sinceMs >= Math.max(state.backoffMs, timing.minBackoffMs)
  const doubledMs = Math.min(state.backoffMs * 2, timing.maxBackoffMs)
  const backoffMs = hasLasted ? timing.minBackoffMs : Math.max(doubledMs, timing.minBackoffMs)
  return { kind: 'backoff', untilMs: nowMs + backoffMs, backoffMs, reason }
}

function to(state: ReconnectState, ...effects: ReconnectEffect[]): ReconnectStep {
  return { state, effects }
}
