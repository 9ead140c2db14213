import { z } from 'zod'
import { OvsdbError } from './error.js'
import { readServerError } from './json-rpc.js'
import { decodeUuid, type Json } from './notation.js'
import { assertLock, type Operation, type OperationResult } from './operation.js'

/** The `params` of `transact` (RFC 7047 section 4.1.3). With a lock, the transaction fails unless this session holds it. */
export function transactParams(database: string, operations: readonly Operation[], lock: string | undefined): Json[] {
  return [database, ...(lock === undefined ? [] : [assertLock(lock)]), ...operations]
}

const isError = z.object({ error: z.string() })

/**
 * Checks each element of the reply's `result`, the extra last one with the errors of the commit included.
 *
 * @returns one result per operation of the caller.
 * @throws OvsdbError with the server's code and the place of the operation that failed.
 */
export function readTransactResult(
  operations: readonly Operation[],
  lock: string | undefined,
  result: unknown,
): OperationResult[] {
  if (!Array.isArray(result)) throw new OvsdbError('protocol error', 'the result of a transaction is not an array')
  const leading = lock === undefined ? 0 : 1
  const elements: unknown[] = result
  const failed = elements.findIndex((element) => isError.safeParse(element).success)
  if (failed >= 0) throw readServerError(elements[failed], placeOf(operations, failed - leading))
  if (elements.length !== operations.length + leading) {
    throw new OvsdbError(
      'protocol error',
      `${String(elements.length)} results for ${String(operations.length + leading)} operations`,
    )
  }
  return operations.map((operation, i) => readOperationResult(operation, elements[i + leading], placeOf(operations, i)))
}

const inserted = z.object({ uuid: z.unknown() })
const matched = z.object({ count: z.number() })

function readOperationResult(operation: Operation, element: unknown, place: Place): OperationResult {
  if (element === null) throw new OvsdbError('protocol error', 'the operation was not run', place)
  switch (operation.op) {
    case 'insert': {
      const answer = inserted.safeParse(element)
      if (!answer.success) break
      return { kind: 'inserted', uuid: decodeUuid(answer.data.uuid) }
    }
    case 'update':
    case 'mutate':
    case 'delete': {
      const answer = matched.safeParse(element)
      if (!answer.success) break
      return { kind: 'matched', count: answer.data.count }
    }
    case 'wait':
    case 'comment':
    case 'assert':
      return { kind: 'done' }
  }
  throw new OvsdbError('protocol error', `not a result of ${operation.op}: ${JSON.stringify(element)}`, place)
}

interface Place {
  readonly operation?: number | undefined
  readonly table?: string | undefined
  readonly row?: string | undefined
}

const oneRow = z.tuple([z.tuple([z.literal('_uuid'), z.literal('=='), z.tuple([z.literal('uuid'), z.string()])])])

/** Errors of the commit, and of the leading assertion, belong to no operation of the caller: their place is empty. */
function placeOf(operations: readonly Operation[], index: number): Place {
  const operation = operations[index]
  if (!operation) return {}
  const where = oneRow.safeParse(operation.where)
  const row = where.success ? where.data[0][2][1] : operation['uuid-name']
  return {
    operation: index,
    table: typeof operation.table === 'string' ? operation.table : undefined,
    row: typeof row === 'string' ? row : undefined,
  }
}
