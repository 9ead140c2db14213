import type { OvsdbServer } from './ovsdb-server.js'
import { openRelay } from './relay.js'

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
  const relay = await openRelay(target, {
    onConnection: () => (connections += 1),
    fromServer: (text) => {
      if ((JSON.parse(text) as { method?: string }).method === 'echo') probes += 1
    },
  })
  return { ...relay, connections: () => connections, probes: () => probes }
}
