import type { Test } from 'tap'
import { OvsdbClient } from '../../src/ovsdb/client.js'
import type { Uuid } from '../../src/ovsdb/notation.js'
import type { Operation } from '../../src/ovsdb/operation.js'
import type { Replica } from '../../src/ovsdb/replica.js'
import { MONITORED } from '../../src/publish/monitored.js'
import type { Publication } from '../../src/publish/publication.js'
import { Publisher } from '../../src/publish/publisher.js'
import { createTransactionBuilder } from '../../src/publish/transaction.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { hardwareVtep, type Tables } from '../../src/schema/rows.generated.js'
import { type OvsdbServer, type OvsdbServerOptions, startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'

/** A publisher at work on a real server, as the daemon has it. */
export interface Published {
  readonly server: OvsdbServer
  readonly client: OvsdbClient<Tables>
  /** What would be written now if the database were as in the replica. */
  readonly operationsOn: (replica: Replica<Tables>, change?: Partial<Publication>) => readonly Operation[]
  /** Says something else from now on, and waits until the database says it. */
  readonly say: (change: Partial<Publication>) => Promise<void>
  /** Transactions so far. */
  readonly transactions: () => number
  readonly warnings: readonly string[]
  /** Waits until nothing is left to write. */
  readonly settled: () => Promise<void>
}

const nothingToSay: Publication = {
  switchName: 'gw',
  description: undefined,
  managementIps: undefined,
  configuredTunnelIp: '10.0.0.1' as IpAddress,
  tunnelIp: '10.0.0.1' as IpAddress,
  ports: ['port1'],
  managers: [],
  bound: new Set(),
  localMacs: new Map(),
  bfdStatus: new Map(),
  switchFaults: new Set(),
  portFaults: new Map(),
  aclFaults: new Map(),
  aclEntryFaults: new Map(),
  routerFaults: new Map(),
  totals: [],
}

export async function publishOnServer(
  t: Test,
  initial: Partial<Publication> = {},
  options: OvsdbServerOptions = {},
): Promise<Published> {
  const server = await startOvsdbServer(options)
  t.teardown(() => server.close())
  let publication: Publication = { ...nothingToSay, ...initial }
  const buildTransaction = createTransactionBuilder()
  let transactions = 0
  const warnings: string[] = []
  const ignore = (): void => undefined
  const client = new OvsdbClient<Tables>({
    endpoint: { kind: 'unix', path: server.socket },
    database: hardwareVtep,
    monitor: MONITORED,
    lock: 'gw',
    log: { debug: ignore, info: ignore, warn: ignore },
    onChange: () => publisher.wake(),
    onState: (state) => {
      if (state.kind === 'synced' && state.lock === 'held') publisher.resume()
    },
  })
  const publisher = new Publisher({
    build: () => {
      const { state } = client
      return state.kind === 'synced' && state.lock === 'held'
        ? client.fit(buildTransaction(client.replica, publication))
        : undefined
    },
    transact: (operations) => {
      transactions += 1
      return client.transact(operations)
    },
    log: { debug: ignore, warn: (_, fields) => void warnings.push(JSON.stringify(fields)) },
    onSettled: ignore,
  })
  t.teardown(async () => {
    publisher.close()
    await client.close()
  })
  const settled = async (): Promise<void> => {
    await until('the database to say it all', async () => {
      const { state } = client
      const isSynced = state.kind === 'synced' && state.lock === 'held'
      return Promise.resolve(isSynced && client.fit(buildTransaction(client.replica, publication)).length === 0)
    })
  }
  client.start()
  await settled()
  return {
    server,
    client,
    operationsOn: (replica, change) => buildTransaction(replica, { ...publication, ...change }),
    settled,
    say: async (change) => {
      publication = { ...publication, ...change }
      publisher.wake()
      await settled()
    },
    transactions: () => transactions,
    warnings,
  }
}

/** A column of the one row (or of all rows) that `vtep-ctl find` shows. */
export async function column(
  { server }: Published,
  table: string,
  name: string,
  ...where: string[]
): Promise<string[]> {
  return (await server.ctl('--bare', `--columns=${name}`, 'find', table, ...where)).split('\n').filter(Boolean)
}

/** Makes a logical switch that the replica has then. */
export async function logicalSwitch(published: Published, name: string, vni: number): Promise<Uuid> {
  await published.server.ctl('add-ls', name, '--', 'set', 'Logical_Switch', name, `tunnel_key=${vni}`)
  return until('the replica to have the logical switch', () =>
    Promise.resolve(
      [...published.client.replica.table('Logical_Switch').values()].find((row) => row.name === name)?._uuid,
    ),
  )
}
