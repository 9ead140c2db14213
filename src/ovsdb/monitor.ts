import { z } from 'zod'
import { decodeAs } from './decode.js'
import type { MonitoredColumns } from './monitored-columns.js'
import type { Json } from './notation.js'
import { readTableUpdates, readTableUpdates2, type RowUpdate } from './table-updates.js'

/** The ways to monitor, best first: ovsdb-server has the three since 2.12, 2.6 and ever. */
export const monitorMethods = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const

export type MonitorMethod = (typeof monitorMethods)[number]

/** No transaction: what a client that knows nothing asks for, and what a standalone database always answers. */
export const noTransaction = '00000000-0000-0000-0000-000000000000'

/** What a monitor's reply or a notification brings. */
export interface MonitorNews {
  /** True when `updates` is the whole database, false when it continues what was there. */
  readonly isWhole: boolean
  /** Of a reply they are read as they are walked through, once; the walk throws what reading throws. */
  readonly updates: Iterable<RowUpdate>
  /** The transaction up to which this goes; only `monitor_cond_since` tells. */
  readonly transaction: string
}

/** Each way has an id of its own: ids share one space within a session. */
function monitorId(database: string, method: MonitorMethod): string {
  return `${database}.${method}`
}

/** The `params` of the method. `since` is the transaction that the replica has reached. */
export function monitorParams(
  database: string,
  method: MonitorMethod,
  columns: MonitoredColumns,
  since: string,
): Json[] {
  const requests = Object.fromEntries([...columns].map(([table, names]) => [table, [{ columns: names }]]))
  const params: Json[] = [database, monitorId(database, method), requests]
  return method === 'monitor_cond_since' ? [...params, since] : params
}

const sinceResult = z.tuple([z.boolean(), z.string(), z.unknown()])

/** @throws OvsdbError `protocol error` */
export function readMonitorResult(method: MonitorMethod, result: unknown): MonitorNews {
  switch (method) {
    case 'monitor':
      return { isWhole: true, updates: readTableUpdates(result), transaction: noTransaction }
    case 'monitor_cond':
      return { isWhole: true, updates: readTableUpdates2(result), transaction: noTransaction }
    case 'monitor_cond_since': {
      const [isFound, transaction, updates] = decodeAs(sinceResult, result, 'a result of monitor_cond_since')
      return { isWhole: !isFound, updates: readTableUpdates2(updates), transaction }
    }
  }
}

const update = z.tuple([z.unknown(), z.unknown()])
const update3 = z.tuple([z.unknown(), z.string(), z.unknown()])

/** Reads `update`, `update2` or `update3`; undefined for any other notification. @throws OvsdbError `protocol error` */
export function readUpdate(method: string, params: readonly unknown[]): MonitorNews | undefined {
  switch (method) {
    case 'update':
      return {
        isWhole: false,
        updates: [...readTableUpdates(decodeAs(update, params, 'an update')[1])],
        transaction: noTransaction,
      }
    case 'update2':
      return {
        isWhole: false,
        updates: [...readTableUpdates2(decodeAs(update, params, 'an update')[1])],
        transaction: noTransaction,
      }
    case 'update3': {
      const [, transaction, updates] = decodeAs(update3, params, 'an update')
      return { isWhole: false, updates: [...readTableUpdates2(updates)], transaction }
    }
    default:
      return undefined
  }
}
