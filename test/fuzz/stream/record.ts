import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openByteRelay } from '../../lab/byte-relay.js'
import { startOvsdbServer, type OvsdbServer } from '../../lab/ovsdb-server.js'
import { until } from '../../lab/until.js'
import { observe } from '../../ovsdb/observed-client.js'
import { relayWithout } from '../../ovsdb/older-server.js'
import { randomTransactions } from '../../ovsdb/random-transactions.js'
import { lock } from './peer.js'
import { inputOf } from './texts.js'

const transactions = 8

/**
 * Writes what real servers say to clients, a file for each session: of each way to monitor, and of a connection that a clustered server
 * resumes.
 */
export async function recordSessions(t: Test, directory: string, seed: number): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const standalone = await startOvsdbServer()
  t.teardown(standalone.close)
  const clustered = await startOvsdbServer({ clustered: true })
  t.teardown(clustered.close)
  const record = async (name: string, server: OvsdbServer, socket: string, connections = 1) => {
    writeFileSync(join(directory, name), await recordOne(t, server, socket, seed, connections))
  }
  await record('monitor_cond_since', standalone, standalone.socket)
  await record('monitor_cond', standalone, await relayWithout(t, ['monitor_cond_since'], standalone.socket))
  const oldest = await startOvsdbServer()
  t.teardown(oldest.close)
  await record('monitor', oldest, await relayWithout(t, ['monitor_cond_since', 'monitor_cond'], oldest.socket))
  await record('resumed', clustered, clustered.socket, 2)
}

async function recordOne(t: Test, server: OvsdbServer, socket: string, seed: number, connections: number) {
  const heard: Buffer[][] = []
  const relay = await openByteRelay(socket, 'recorded', ({ toServer, toClient }) => {
    const chunks: Buffer[] = []
    heard.push(chunks)
    return {
      fromClient: toServer,
      fromServer: (chunk) => {
        chunks.push(chunk)
        toClient(chunk)
      },
    }
  })
  const { initial, next } = randomTransactions(seed)
  const observed = observe(t, `unix:${relay.path}`, { lock })
  await server.transact(...initial)
  for (let number = 1; number <= connections; number++) {
    await observed.synced()
    for (let count = 0; count < transactions; count++) await server.transact(...next())
    await fence(server, observed.client, `${number}`)
    if (number < connections) relay.cut()
  }
  await observed.client.close()
  await relay.close()
  return inputOf(heard.map((chunks) => Buffer.concat(chunks)))
}

async function fence(server: OvsdbServer, client: ReturnType<typeof observe>['client'], text: string): Promise<void> {
  await server.transact({ op: 'insert', table: 'Logical_Switch', row: { name: `fence ${text}` } })
  await until('the last transaction to be heard', () => {
    const rows = [...client.replica.table('Logical_Switch').values()]
    return Promise.resolve(rows.some(({ name }) => name === `fence ${text}`))
  })
}
