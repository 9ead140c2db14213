import { z } from 'zod'
import { decodeAs } from './decode.js'

/** `none`: no lock is wanted. `waiting`: another session holds it, or took it. */
export type LockState = 'held' | 'waiting' | 'none'

const lockResult = z.object({ locked: z.boolean() })

/** Reads the result of `lock` (RFC 7047 section 4.1.8). @throws OvsdbError `protocol error` */
export function readLockResult(result: unknown): LockState {
  return decodeAs(lockResult, result, 'a result of lock').locked ? 'held' : 'waiting'
}

/**
 * The state after a notification: `locked` gives the lock (section 4.1.9), `stolen` takes it (section 4.1.10). A robbed session stays in the
 * server's queue and is told `locked` when the thief lets go.
 */
export function lockAfter(
  state: LockState,
  name: string | undefined,
  method: string,
  params: readonly unknown[],
): LockState {
  if (name === undefined || params[0] !== name) return state
  if (method === 'locked') return 'held'
  return method === 'stolen' ? 'waiting' : state
}
