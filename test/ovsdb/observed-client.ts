import type { Test } from 'tap'
import { OvsdbClient, type ConnectionState, type OvsdbClientOptions } from '../../src/ovsdb/client.js'
import { parseEndpoint, type Endpoint } from '../../src/ovsdb/endpoint.js'
import type { Replica } from '../../src/ovsdb/replica.js'
import { hardwareVtep, type Tables } from '../../src/schema/rows.generated.js'
import { until } from '../lab/until.js'

/** A client of hardware_vtep with all that it said so far. */
export interface ObservedClient {
  readonly client: OvsdbClient<Tables>
  readonly states: readonly ConnectionState[]
  readonly changes: readonly Replica<Tables>[]
  /** Events of its log, with their fields. */
  readonly logged: readonly string[]
  readonly synced: () => Promise<Extract<ConnectionState, { kind: 'synced' }>>
  /** Waits for a state of that kind that was entered after the call, or is the present one. */
  readonly reaches: <K extends ConnectionState['kind']>(kind: K) => Promise<Extract<ConnectionState, { kind: K }>>
}

type Options = Partial<Omit<OvsdbClientOptions<Tables>, 'onChange' | 'onState' | 'log' | 'endpoint'>>

/** Starts a client that is closed when the test ends. Its timing is that of a test: quick retries, quick probes. */
export function observe(t: Test, endpoint: string | Endpoint, options: Options = {}): ObservedClient {
  const states: ConnectionState[] = []
  const changes: Replica<Tables>[] = []
  const logged: string[] = []
  const write = (event: string, fields: object = {}) => {
    logged.push(`${event} ${JSON.stringify(fields)}`)
  }
  const client = new OvsdbClient<Tables>({
    endpoint: typeof endpoint === 'string' ? endpointOf(endpoint) : endpoint,
    database: hardwareVtep,
    ...options,
    timing: { minBackoffMs: 20, maxBackoffMs: 200, ...options.timing },
    log: { debug: write, info: write, warn: write },
    onChange: (replica) => changes.push(replica),
    onState: (state) => states.push(state),
  })
  t.teardown(() => client.close())
  client.start()

  const reaches = async <K extends ConnectionState['kind']>(kind: K) => {
    const from = states.length
    try {
      return await until(`the client to be ${kind}`, () => {
        const found = [...states.slice(from), client.state].find((state) => state.kind === kind)
        return Promise.resolve(found as Extract<ConnectionState, { kind: K }> | undefined)
      })
    } catch (error) {
      throw new Error(`${String(error)}; log: ${logged.slice(-5).join(' | ')}`, { cause: error })
    }
  }
  return { client, states, changes, logged, synced: () => reaches('synced'), reaches }
}

function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text)
  if (!endpoint.ok) throw new Error(endpoint.reason)
  return endpoint.value
}
