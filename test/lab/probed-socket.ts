import net from 'node:net'
import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'
import type { OvsdbServer } from './ovsdb-server.js'

/** A second socket of a database server, where the server probes whoever is silent. */
export interface ProbedSocket {
  /** `unix:PATH` */
  readonly endpoint: string
  /** Connections that were opened so far. */
  readonly connections: () => number
  /** Echo requests that the server sent on them so far (RFC 7047 section 4.1.11). */
  readonly probes: () => number
  readonly close: () => Promise<void>
}

/** Opens it by a Manager row; a relay in front of it counts, since the server's own status says nothing of a listener's clients. */
export async function openProbedSocket(server: OvsdbServer, intervalMs: number): Promise<ProbedSocket> {
  const target = `${server.directory}/probed.sock`
  await server.ctl('set-manager', `punix:${target}`, '--', 'set', 'Manager', '.', `inactivity_probe=${intervalMs}`)
  let connections = 0
  let probes = 0
  const open = new Set<net.Socket>()
  const relay = net.createServer((client) => {
    connections += 1
    const toServer = net.connect(target)
    const splitter = createJsonTextSplitter()
    toServer.on('data', (chunk) => {
      splitter.push(chunk, (text) => {
        if ((JSON.parse(text) as { method?: string }).method === 'echo') probes += 1
      })
    })
    client.pipe(toServer).pipe(client)
    for (const [end, other] of [
      [client, toServer],
      [toServer, client],
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
    connections: () => connections,
    probes: () => probes,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}
