import type { Socket } from 'node:net'
import type { Endpoint, TlsOptions } from './endpoint.js'
import { OvsdbError } from './error.js'
import { decodeMessage, readServerError, type Message } from './json-rpc.js'
import { createJsonTextSplitter } from './json-text.js'
import type { Json } from './notation.js'
import { describeSocketError, openSocket } from './transport.js'

/** The answer to a request; `refused` also when the connection ended first, then with code `connection lost`. */
export type Reply =
  { readonly kind: 'result'; readonly result: unknown } | { readonly kind: 'refused'; readonly error: OvsdbError }

/** What a session reports, in the order of the stream. Nothing is called before `openSession` returned, or after `onClosed`. */
export interface SessionListener {
  readonly onOpen: () => void
  /** Bytes came. `onTurnEnd` follows when all messages in them have been dispatched. */
  readonly onReceived: () => void
  /** An OvsdbError thrown here is the peer's fault and ends the session. */
  readonly onNotification: (method: string, params: readonly unknown[]) => void
  readonly onTurnEnd: () => void
  readonly onClosed: (error: OvsdbError) => void
}

/** Answers that a peer asks for and does not read. */
const mostUnreadBytes = 64 * 1024 * 1024

/** One connection from its beginning to its end. */
export interface Session {
  /** `onReply` is called exactly once, within the turn of the reply, so before any later message of the stream is dispatched. */
  readonly request: (method: string, params: readonly Json[], onReply: (reply: Reply) => void) => void
  /** Asks for an echo: whatever the peer then sends proves that it lives. */
  readonly probe: () => void
  /** Ends the session: pending requests are refused, `onClosed` is called once. A repeat does nothing. */
  readonly close: (error: OvsdbError) => void
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>
}

/** @throws OvsdbError `connection failed` when the TLS files cannot be used. */
export function openSession(endpoint: Endpoint, tls: TlsOptions | undefined, listener: SessionListener): Session {
  const splitter = createJsonTextSplitter()
  const pending = new Map<Json, (reply: Reply) => void>()
  let nextId = 0
  let isOpen = false
  let isEnded = false

  const socket: Socket = openSocket(endpoint, tls, () => {
    isOpen = true
    if (!isEnded) listener.onOpen()
  })

  const send = (message: Json): void => {
    if (!isEnded) socket.write(JSON.stringify(message))
  }
  const close = (error: OvsdbError): void => {
    if (isEnded) return
    isEnded = true
    socket.destroy()
    const lost = new OvsdbError('connection lost', error.message, { cause: error })
    for (const onReply of pending.values()) onReply({ kind: 'refused', error: lost })
    pending.clear()
    listener.onClosed(error)
  }
  const settle = (id: Json, reply: Reply): void => {
    const onReply = pending.get(id)
    pending.delete(id)
    onReply?.(reply)
  }
  const dispatch = (message: Message): void => {
    switch (message.kind) {
      case 'request':
        // RFC 7047 section 4.1.11: an echo is answered with its own id and params. A server may request nothing else.
        if (message.method === 'echo') send({ id: message.id, result: message.params as readonly Json[], error: null })
        else send({ id: message.id, result: null, error: 'unknown method' })
        if (socket.writableLength > mostUnreadBytes)
          throw new OvsdbError('protocol error', `the peer left ${String(socket.writableLength)} bytes unread`)
        return
      case 'notification':
        listener.onNotification(message.method, message.params)
        return
      case 'result':
        settle(message.id, { kind: 'result', result: message.result })
        return
      case 'error':
        settle(message.id, { kind: 'refused', error: readServerError(message.error) })
    }
  }
  const receive = (chunk: Buffer): void => {
    if (isEnded) return
    listener.onReceived()
    try {
      splitter.push(chunk, (text) => {
        if (!isEnded) dispatch(decodeMessage(text))
      })
    } catch (thrown) {
      if (!(thrown instanceof OvsdbError)) throw thrown
      close(thrown)
    }
    listener.onTurnEnd()
  }

  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      close(new OvsdbError(isOpen ? 'connection lost' : 'connection failed', 'the peer closed the connection'))
      resolve()
    })
  })
  socket.on('data', receive)
  socket.on('error', (cause) => {
    close(new OvsdbError(isOpen ? 'connection lost' : 'connection failed', describeSocketError(cause, tls), { cause }))
  })

  return {
    request: (method, params, onReply) => {
      if (isEnded) {
        onReply({ kind: 'refused', error: new OvsdbError('not connected', 'the session has ended') })
        return
      }
      const id = nextId++
      pending.set(id, onReply)
      send({ id, method, params })
    },
    probe: () => {
      send({ id: 'echo', method: 'echo', params: [] })
    },
    close,
    closed,
  }
}
