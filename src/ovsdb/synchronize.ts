import type { Selection, TableDescriptions } from './description.js'
import type { OvsdbError } from './error.js'
import { toOvsdbError } from './error.js'
import { readLockResult, type LockState } from './lock.js'
import {
  monitorMethods,
  monitorParams,
  noTransaction,
  readMonitorResult,
  type MonitorMethod,
  type MonitorNews,
} from './monitor.js'
import { chooseColumns, readServerSchema, type MonitoredColumns, type ServerSchema } from './monitored-columns.js'
import type { Session } from './session.js'

/** What the next connection needs to know to ask for the difference only. */
export interface ResumePoint {
  readonly columns: MonitoredColumns
  readonly transaction: string
}

export interface SynchronizeRequest<T> {
  readonly database: string
  readonly tables: TableDescriptions
  readonly selection: Selection<T> | undefined
  readonly lock: string | undefined
  readonly resume: ResumePoint | undefined
}

export interface Synchronized {
  readonly method: MonitorMethod
  readonly schema: ServerSchema
  readonly columns: MonitoredColumns
  readonly missing: readonly string[]
  readonly news: MonitorNews
}

export interface SynchronizeListener {
  readonly onLock: (state: LockState) => void
  readonly onDone: (result: Synchronized) => void
  readonly onFailed: (error: OvsdbError) => void
}

/**
 * Brings a new session to where it can be used: the server's schema, the lock, the first dump. `onDone` is called within the turn of the
 * dump, so before any update that follows it. The lock is asked for before the dump, so a holder's dump has all that its predecessor wrote.
 */
export function synchronize<T>(
  session: Session,
  request: SynchronizeRequest<T>,
  { onLock, onDone, onFailed }: SynchronizeListener,
): void {
  const { database, tables, selection } = request

  const receive = (
    method: string,
    params: Parameters<Session['request']>[1],
    read: (result: unknown) => void,
    orElse = onFailed,
  ): void => {
    session.request(method, params, (reply) => {
      if (reply.kind === 'refused') {
        orElse(reply.error)
        return
      }
      try {
        read(reply.result)
      } catch (thrown) {
        onFailed(toOvsdbError(thrown, 'protocol error'))
      }
    })
  }

  const monitor = (
    choice: ReturnType<typeof chooseColumns>,
    schema: ServerSchema,
    ways: readonly MonitorMethod[],
  ): void => {
    const [method, ...others] = ways
    if (method === undefined) return
    const since = resumable(request.resume, choice.columns)
    receive(
      method,
      monitorParams(database, method, choice.columns, since),
      (result) => {
        onDone({ method, schema, ...choice, news: readMonitorResult(method, result) })
      },
      (error) => {
        if (others.length === 0 || error.code === 'connection lost') onFailed(error)
        else monitor(choice, schema, others)
      },
    )
  }

  receive('get_schema', [database], (result) => {
    const schema = readServerSchema(result)
    // Told of a schema change by monitor_canceled, instead of losing the connection to changes of other databases too; older servers refuse.
    receive('set_db_change_aware', [true], ignore, ignore)
    if (request.lock !== undefined) {
      receive('lock', [request.lock], (answer) => {
        onLock(readLockResult(answer))
      })
    }
    monitor(chooseColumns(tables, selection, schema), schema, monitorMethods)
  })
}

/** A difference makes sense only for the columns that the replica was built from. */
function resumable(resume: ResumePoint | undefined, columns: MonitoredColumns): string {
  if (!resume || JSON.stringify([...resume.columns]) !== JSON.stringify([...columns])) return noTransaction
  return resume.transaction
}

function ignore(): void {
  // Nothing depends on the answer.
}
