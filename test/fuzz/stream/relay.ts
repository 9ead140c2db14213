import net from 'node:net'

/** What becomes of the bytes of one connection on their way; the lists may be empty. */
export interface Passage {
  readonly toServer: (chunk: Buffer) => readonly Uint8Array[]
  readonly toClient: (chunk: Buffer) => readonly Uint8Array[]
}

/** Stands between clients and a server's socket. */
export interface Relay {
  readonly path: string
  /** How many connections there are. */
  readonly connections: () => number
  /** Ends all connections that there are. */
  readonly cut: () => void
  readonly close: () => Promise<void>
}

/** @param open called for each connection, with what ends it */
export async function startRelay(path: string, target: string, open: (cut: () => void) => Passage): Promise<Relay> {
  const sockets = new Set<net.Socket>()
  const relay = net.createServer((client) => {
    const server = net.connect(target)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const passage = open(end)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    client.on('data', (chunk) => passage.toServer(chunk).forEach((part) => server.write(part)))
    server.on('data', (chunk) => passage.toClient(chunk).forEach((part) => client.write(part)))
  })
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
