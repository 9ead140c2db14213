import { parseEndpoint } from '../../src/ovsdb/endpoint.js'
import { OvsdbError } from '../../src/ovsdb/error.js'
import type { Json } from '../../src/ovsdb/notation.js'
import { openSession, type Session } from '../../src/ovsdb/session.js'
import { nowMs } from './arrivals.js'

/** When a transaction was sent, and when its reply was there: it was committed between the two. */
export interface Committed {
  readonly sentMs: number
  readonly repliedMs: number
  /** The UUIDs of the inserted rows, by operation. */
  readonly uuids: readonly (string | undefined)[]
}

/** A controller on a connection of its own, without a replica. */
export interface RawController {
  readonly transact: (operations: readonly Json[]) => Promise<Committed>
  /** The rows of a table, with the named columns. */
  readonly select: (table: string, columns: readonly string[]) => Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Watches all columns of all tables from now on; answers how many messages came, and how many rows they told of. */
  readonly watchEverything: () => Promise<() => { readonly updates: number; readonly rows: number }>
  readonly close: () => void
}

export async function openRawController(address: string): Promise<RawController> {
  const endpoint = parseEndpoint(address)
  if (!endpoint.ok) throw new Error(endpoint.reason)
  let updates = 0
  let rows = 0
  const session = await new Promise<Session>((resolve, reject) => {
    const opened = openSession(endpoint.value, undefined, {
      onOpen: () => resolve(opened),
      onReceived: () => undefined,
      onNotification: (method, params) => {
        if (method !== 'update2') return
        updates += 1
        for (const table of Object.values(params[1] as object)) rows += Object.keys(table as object).length
      },
      onTurnEnd: () => undefined,
      onClosed: reject,
    })
  })
  const request = (method: string, params: readonly Json[]) =>
    new Promise<unknown>((resolve, reject) =>
      session.request(method, params, (reply) => {
        if (reply.kind === 'result') resolve(reply.result)
        else reject(reply.error)
      }),
    )
  const transact = async (operations: readonly Json[]) => {
    const sentMs = nowMs()
    let repliedMs = sentMs
    const results = await new Promise<unknown>((resolve, reject) =>
      session.request('transact', ['hardware_vtep', ...operations], (reply) => {
        repliedMs = nowMs()
        if (reply.kind === 'result') resolve(reply.result)
        else reject(reply.error)
      }),
    )
    const answers = results as readonly ({ error?: string; uuid?: [string, string]; rows?: unknown[] } | null)[]
    const refusal = answers.find((answer) => answer?.error !== undefined)
    if (refusal !== undefined) throw new Error(`the server refused: ${JSON.stringify(refusal)}`)
    return { sentMs, repliedMs, answers }
  }
  return {
    transact: async (operations) => {
      const { answers, ...times } = await transact(operations)
      return { ...times, uuids: answers.map((answer) => answer?.uuid?.[1]) }
    },
    select: async (table, columns) => {
      const { answers } = await transact([{ op: 'select', table, where: [], columns }])
      return (answers[0]?.rows ?? []) as Record<string, unknown>[]
    },
    watchEverything: async () => {
      const schema = (await request('get_schema', ['hardware_vtep'])) as { tables: Record<string, { columns: object }> }
      const requests = Object.entries(schema.tables).map(
        ([table, { columns }]) => [table, [{ columns: Object.keys(columns) }]] as const,
      )
      await request('monitor_cond', ['hardware_vtep', 'everything', Object.fromEntries(requests)])
      const before = { updates, rows }
      return () => ({ updates: updates - before.updates, rows: rows - before.rows })
    },
    close: () => {
      session.close(new OvsdbError('not connected', 'nothing more is to be said'))
    },
  }
}
