import { fileURLToPath } from 'node:url'
import type { Namespace } from './namespace.js'
import { tcpDigest } from './tcp-content.js'
import { patience, until } from './until.js'

const child = fileURLToPath(new URL('./tcp-child.js', import.meta.url))

export interface TcpOptions {
  /** Bytes sent in each direction; default 4 MiB. */
  readonly amount?: number
  /** Default 5001. */
  readonly port?: number
  /** Times the patience; default 20000. */
  readonly limitMs?: number
}

/**
 * Opens a TCP connection from one namespace to an address of the other, sends the same amount in both directions at once and compares what
 * arrived, byte for byte, by a digest. Throws when anything is missing, changed or late.
 */
export async function exchangeTcp(
  from: Namespace,
  to: Namespace,
  address: string,
  options: TcpOptions = {},
): Promise<void> {
  const { amount = 4 * 1024 * 1024, port = 5001, limitMs = 20_000 } = options
  const peer = (role: string) => [process.execPath, child, role, address, `${port}`, `${amount}`]
  const listener = to.start(peer('listen'))
  let connector
  try {
    await until(`${to.name} to listen on ${address}`, () =>
      Promise.resolve(listener.output().includes('listening') || endedEarly(listener)),
    )
    connector = from.start(peer('connect'))
    const ends = Promise.all([connector.exited, listener.exited])
    await Promise.race([ends, late(limitMs * patience)])
    const expected = JSON.stringify({ received: amount, digest: tcpDigest(amount) })
    for (const [end, name] of [
      [listener, to.name],
      [connector, from.name],
    ] as const) {
      if (!end.output().includes(expected))
        throw new Error(
          `TCP ${from.name} to ${address}: ${name} says: ${end.output()}${end.running() ? '(no end)' : ''}`,
        )
    }
  } finally {
    await Promise.all([listener.stop('SIGKILL'), connector?.stop('SIGKILL')])
  }
}

function endedEarly(listener: { running: () => boolean; output: () => string }): false {
  if (!listener.running()) throw new Error(`TCP listener ended: ${listener.output()}`)
  return false
}

function late(limitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, limitMs).unref())
}
