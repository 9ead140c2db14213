import net from 'node:net'
import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'

export interface RelayOptions {
  readonly onConnection?: () => void
  /** Gets each message of a client; it goes on when `pass` is called. Default: at once. */
  readonly fromClient?: (text: string, pass: () => void) => void
  /** Sees each message of the server, which has gone on. */
  readonly fromServer?: (text: string) => void
}

/** A socket before that of a database server. */
export interface Relay {
  /** `unix:PATH` */
  readonly endpoint: string
  readonly close: () => Promise<void>
}

/** @param target path of the server's socket; the relay's is beside it. */
export async function openRelay(target: string, options: RelayOptions): Promise<Relay> {
  const { onConnection, fromClient = passAtOnce, fromServer = () => undefined } = options
  const open = new Set<net.Socket>()
  const relay = net.createServer((client) => {
    onConnection?.()
    const server = net.connect(target)
    const [toServer, toClient] = [createJsonTextSplitter(), createJsonTextSplitter()]
    client.on('data', (chunk) => toServer.push(chunk, (text) => fromClient(text, () => server.write(text))))
    server.on('data', (chunk) => toClient.push(chunk, fromServer))
    server.pipe(client)
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(end)
      end.on('error', () => undefined)
      end.on('close', () => {
        open.delete(end)
        other.destroy()
      })
    }
  })
  const path = `${target}.relay`
  await new Promise<void>((resolve) => relay.listen(path, resolve))
  return {
    endpoint: `unix:${path}`,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}

function passAtOnce(_: string, pass: () => void): void {
  pass()
}
