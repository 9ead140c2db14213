import net from 'node:net'

/** The two ends of one connection, for what stands between them. */
export interface Ends {
  readonly toServer: (bytes: Uint8Array | string) => void
  readonly toClient: (bytes: Uint8Array | string) => void
  /** Ends the connection. */
  readonly cut: () => void
}

/** Gets all that comes; what it does not write itself does not go on. */
export interface Middle {
  readonly fromClient: (chunk: Buffer) => void
  readonly fromServer: (chunk: Buffer) => void
}

/** A socket before that of a server. */
export interface ByteRelay {
  readonly path: string
  /** How many connections there are. */
  readonly connections: () => number
  /** Ends all of them. */
  readonly cut: () => void
  readonly close: () => Promise<void>
}

/**
 * @param target path of the server's socket; the relay's is beside it, with this ending
 * @param open called for each connection
 */
export async function openByteRelay(target: string, ending: string, open: (ends: Ends) => Middle): Promise<ByteRelay> {
  const sockets = new Set<net.Socket>()
  const relay = net.createServer((client) => {
    const server = net.connect(target)
    const cut = () => {
      client.destroy()
      server.destroy()
    }
    const middle = open({ toServer: (bytes) => server.write(bytes), toClient: (bytes) => client.write(bytes), cut })
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    client.on('data', middle.fromClient)
    server.on('data', middle.fromServer)
  })
  const path = `${target}.${ending}`
  await new Promise<void>((resolve) => relay.listen(path, resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    path,
    connections: () => sockets.size / 2,
    cut,
    close: async () => {
      cut()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}
