import t from 'tap'
import {
  reconnectDeadlineMs,
  stepReconnect,
  type ReconnectInput,
  type ReconnectState,
} from '../../src/ovsdb/reconnect.js'

const timing = { minBackoffMs: 1000, maxBackoffMs: 8000, connectTimeoutMs: 5000, probeIntervalMs: 5000 }

/**
 * Plays a script in virtual time: `wait` goes from deadline to deadline until the machine does something; other words are inputs, and
 * `+N` lets N ms pass. Returns a line for each step: time, input, state, effects, next deadline.
 */
function play(script: string, with_ = timing): string[] {
  let nowMs = 0
  let state: ReconnectState = { kind: 'stopped' }
  return script.split(/\s+/).flatMap((word) => {
    if (word.startsWith('+')) {
      nowMs += Number(word)
      return []
    }
    if (word === 'wait') nowMs = Math.max(nowMs, reconnectDeadlineMs(state, with_) ?? nowMs)
    const step = stepReconnect(state, inputOf(word), nowMs, with_)
    state = step.state
    const deadlineMs = reconnectDeadlineMs(state, with_)
    const effects = step.effects.map((effect) => `!${effect.kind}`)
    const until = deadlineMs === undefined ? [] : [`until ${deadlineMs}`]
    return [[`${nowMs} ${word}: ${state.kind}`, ...effects, ...until].join(' ')]
  })
}

function inputOf(word: string): ReconnectInput {
  switch (word) {
    case 'start':
    case 'stop':
    case 'connected':
    case 'received':
      return { kind: word }
    case 'closed':
      return { kind: 'closed', reason: 'end of stream' }
    default:
      return { kind: 'time' }
  }
}

t.test('a server that refuses is tried after 1, 2, 4, 8 and again 8 seconds', (t) => {
  t.strictSame(play('start closed wait closed wait closed wait closed wait closed wait'), [
    '0 start: connecting !connect until 5000',
    '0 closed: backoff until 1000',
    '1000 wait: connecting !connect until 6000',
    '1000 closed: backoff until 3000',
    '3000 wait: connecting !connect until 8000',
    '3000 closed: backoff until 7000',
    '7000 wait: connecting !connect until 12000',
    '7000 closed: backoff until 15000',
    '15000 wait: connecting !connect until 20000',
    '15000 closed: backoff until 23000',
    '23000 wait: connecting !connect until 28000',
  ])
  t.end()
})

t.test('an attempt that takes too long is given up', (t) => {
  t.strictSame(play('start wait'), [
    '0 start: connecting !connect until 5000',
    '5000 wait: backoff !disconnect until 6000',
  ])
  t.end()
})

t.test('a silent peer is probed and then given up', (t) => {
  t.strictSame(play('start connected +3000 received wait wait wait'), [
    '0 start: connecting !connect until 5000',
    '0 connected: active until 5000',
    '3000 received: active until 8000',
    '8000 wait: idle !probe until 13000',
    '13000 wait: backoff !disconnect until 14000',
    '14000 wait: connecting !connect until 19000',
  ])
  t.end()
})

t.test('whatever a probed peer says keeps the connection', (t) => {
  t.strictSame(play('start connected wait +1 received wait'), [
    '0 start: connecting !connect until 5000',
    '0 connected: active until 5000',
    '5000 wait: idle !probe until 10000',
    '5001 received: active until 10001',
    '10001 wait: idle !probe until 15001',
  ])
  t.end()
})

t.test('a connection that had lasted is made again after the shortest wait', (t) => {
  t.strictSame(play('start closed wait closed wait connected +2500 received closed'), [
    '0 start: connecting !connect until 5000',
    '0 closed: backoff until 1000',
    '1000 wait: connecting !connect until 6000',
    '1000 closed: backoff until 3000',
    '3000 wait: connecting !connect until 8000',
    '3000 connected: active until 8000',
    '5500 received: active until 10500',
    '5500 closed: backoff until 6500',
  ])
  t.end()
})

t.test('a peer that accepts and then fails at once is met with longer and longer waits', (t) => {
  t.strictSame(play('start connected closed wait connected closed wait connected closed'), [
    '0 start: connecting !connect until 5000',
    '0 connected: active until 5000',
    '0 closed: backoff until 1000',
    '1000 wait: connecting !connect until 6000',
    '1000 connected: active until 6000',
    '1000 closed: backoff until 3000',
    '3000 wait: connecting !connect until 8000',
    '3000 connected: active until 8000',
    '3000 closed: backoff until 7000',
  ])
  t.end()
})

t.test('without an interval nobody is probed', (t) => {
  t.strictSame(play('start connected +100000 time', { ...timing, probeIntervalMs: 0 }), [
    '0 start: connecting !connect until 5000',
    '0 connected: active',
    '100000 time: active',
  ])
  t.end()
})

t.test('stop ends everything and start begins anew', (t) => {
  t.strictSame(play('start closed stop time closed received start stop'), [
    '0 start: connecting !connect until 5000',
    '0 closed: backoff until 1000',
    '0 stop: stopped',
    '0 time: stopped',
    '0 closed: stopped',
    '0 received: stopped',
    '0 start: connecting !connect until 5000',
    '0 stop: stopped',
  ])
  t.end()
})

t.test('whatever comes in whatever order, there is one connection at most and time always leads on', (t) => {
  const words = ['start', 'stop', 'connected', 'received', 'closed', 'wait', '+700', '+9000']
  let state: ReconnectState = { kind: 'stopped' }
  let nowMs = 0
  let isConnected = false
  let seed = 7
  for (let i = 0; i < 20_000; i++) {
    seed = (seed * 48_271) % 0x7fff_ffff
    const word = words[seed % words.length]!
    if (word.startsWith('+')) nowMs += Number(word)
    if (word === 'wait') nowMs = Math.max(nowMs, reconnectDeadlineMs(state, timing) ?? 0)
    // The driver tells nothing of a connection that is not there.
    if (!isConnected && ['connected', 'received', 'closed'].includes(word)) continue
    const step = stepReconnect(state, inputOf(word), nowMs, timing)
    if (word === 'closed' || word === 'stop') isConnected = false
    for (const effect of step.effects) {
      if (effect.kind === 'connect') {
        if (isConnected) t.fail(`a second connection: ${JSON.stringify([state, word])}`)
        isConnected = true
      } else if (!isConnected) t.fail(`${effect.kind} without a connection: ${JSON.stringify([state, word])}`)
      if (effect.kind === 'disconnect') isConnected = false
    }
    state = step.state
    const isWaiting = state.kind === 'backoff' || state.kind === 'stopped'
    if (isWaiting === isConnected) t.fail(`${state.kind} with ${isConnected ? 'a' : 'no'} connection after ${word}`)
    const deadlineMs = reconnectDeadlineMs(state, timing) ?? Infinity
    if (word === 'wait' && deadlineMs <= nowMs) t.fail(`time stands still: ${JSON.stringify(state)}`)
    if (state.kind === 'backoff' && state.backoffMs > timing.maxBackoffMs) t.fail(`too long: ${state.backoffMs}`)
  }
  t.end()
})
