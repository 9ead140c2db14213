import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { EmbeddedError } from './embedded-error.js'
import { commandLine, identifyProcess, isRunning, type ProcessIdentity } from './process-identity.js'

const POLITE_LIMIT_MS = 5_000
const FIRM_LIMIT_MS = 2_000
const POLL_MS = 20

/**
 * Ends the ovsdb-server that an earlier daemon left behind on this database, if one is still there.
 *
 * It is known by its pid file and told from an unrelated process with the same number by the database in its arguments.
 *
 * @throws EmbeddedError `orphan` when it will not end.
 */
export async function endOrphan(pidFile: string, databaseFile: string): Promise<'none' | 'ended'> {
  const orphan = findOrphan(pidFile, databaseFile)
  if (orphan === undefined) return 'none'
  process.kill(orphan.pid, 'SIGTERM')
  if (await gone(orphan, POLITE_LIMIT_MS)) return 'ended'
  process.kill(orphan.pid, 'SIGKILL')
  if (await gone(orphan, FIRM_LIMIT_MS)) return 'ended'
  throw new EmbeddedError(
    'orphan',
    `an earlier ovsdb-server with process id ${orphan.pid} holds ${databaseFile} and does not end`,
  )
}

function findOrphan(pidFile: string, databaseFile: string): ProcessIdentity | undefined {
  let text: string
  try {
    text = readFileSync(pidFile, 'utf8')
  } catch {
    return undefined
  }
  const pid = Number.parseInt(text, 10)
  if (!(pid > 1) || commandLine(pid)?.includes(databaseFile) !== true) return undefined
  return identifyProcess(pid)
}

async function gone(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
    if (!isRunning(identity)) return true
    await delay(POLL_MS)
  }
  return !isRunning(identity)
}
