import { rmSync } from 'node:fs'
import net from 'node:net'
import { OvsdbClient, type ConnectionState } from '../../../src/ovsdb/client.js'
import { OvsdbError } from '../../../src/ovsdb/error.js'
import { hardwareVtep, type Tables } from '../../../src/schema/rows.generated.js'
import { dumpReplica, type PlainTables } from '../../ovsdb/server-dump.js'

/** What a client made of the streams that it was sent. */
export interface Outcome {
  /** How each connection ended, in the client's words. */
  readonly ends: readonly string[]
  readonly tables: PlainTables
  /** What it sent on each connection. */
  readonly sent: readonly string[]
  /** The lock, as it last was while the client was synchronized. */
  readonly lock: string
}

/** Called before each chunk and at the end, with what the client sent on this connection so far and whether it has ended it. */
type Watch = (connection: number, chunk: number, sent: string, isOver: boolean) => void

/** The lock that such a client asks for. */
export const lock = 'gateway'

const hangMs = 20_000
const timing = { minBackoffMs: 1, maxBackoffMs: 1, connectTimeoutMs: 60_000, probeIntervalMs: 0 }
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined }

/**
 * Has a client connect once for each list of chunks, and says them one by one, each when the client has read the one before.
 *
 * @param path of the socket over which they talk
 */
export async function talk(
  path: string,
  connections: readonly (readonly Uint8Array[])[],
  watch?: Watch,
): Promise<Outcome> {
  const arrivals = queue<net.Socket>()
  const departures = queue<OvsdbError>()
  const ends: string[] = []
  const sent: string[] = []
  let lastLock = 'none'
  rmSync(path, { force: true })
  const server = net.createServer((socket) => arrivals.put(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const client = new OvsdbClient<Tables>({
    endpoint: { kind: 'unix', path },
    database: hardwareVtep,
    lock,
    timing,
    log: silent,
    onChange: () => undefined,
    onState: (state: ConnectionState) => {
      if (state.kind === 'synced') lastLock = state.lock
      if (state.kind === 'backoff') departures.put(state.reason)
    },
  })
  client.start()
  try {
    for (const [number, chunks] of connections.entries()) {
      const socket = await arrivals.take()
      sent[number] = ''
      socket.setEncoding('utf8').on('data', (text) => (sent[number] = `${sent[number] ?? ''}${String(text)}`))
      await loopTurns()
      for (const [index, chunk] of [...chunks.entries(), [chunks.length, undefined] as const]) {
        const isOver = departures.size() > 0
        watch?.(number, index, sent[number] ?? '', isOver)
        if (isOver || chunk === undefined) break
        await new Promise((resolve) => socket.write(chunk, resolve))
        await loopTurns()
      }
      socket.end()
      const reason = await departures.take()
      if (!(reason instanceof OvsdbError)) throw new Error(`an end that is no OvsdbError: ${String(reason)}`)
      ends.push(reason.message)
      socket.destroy()
    }
    return { ends, tables: dumpReplica(client.replica), sent, lock: lastLock }
  } finally {
    await client.close()
    server.close()
  }
}

/** What was written to a local socket is read in the next turn of the event loop, and answered in that after it. */
async function loopTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

function queue<T>() {
  const items: T[] = []
  let wake: () => void = () => undefined
  const put = (item: T) => {
    items.push(item)
    wake()
  }
  const take = async (): Promise<T> => {
    if (items.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`the client did nothing for ${hangMs} ms`)), hangMs)
        wake = () => {
          clearTimeout(late)
          resolve()
        }
      })
    }
    return items.shift()!
  }
  return { put, take, size: () => items.length }
}
