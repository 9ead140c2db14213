import { createHash } from 'node:crypto'
import { linkSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { ConfigError } from '../config/config-error.js'
import { identifyProcess, isRunning } from '../embedded/process-identity.js'
import { ownNetns, readRunRecord, runRecordPath, type RunRecord } from './run-record.js'

/** The right to run a switch here; given back by `release`, and by the kernel when the process dies. */
export interface Claim {
  readonly release: () => Promise<void>
}

/**
 * Makes this process the one daemon of the run directory and, in this network namespace, of the switch.
 *
 * The lock in the database excludes daemons that share a database; this excludes those that would share kernel tables.
 *
 * @throws ConfigError `claimed` that names the daemon which is there already.
 */
export async function claimRun(
  runDir: string,
  switchName: string,
  originOf: (key: 'switch' | 'run-dir') => string | undefined,
): Promise<Claim> {
  const guard = await claimSwitch(switchName, originOf('switch'))
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o755 })
    claimRunDir(runDir, switchName, originOf('run-dir'))
  } catch (cause) {
    guard.close()
    throw cause
  }
  return { release: () => new Promise((done) => guard.close(() => done())) }
}

/** An abstract socket belongs to the network namespace, as the kernel's tables do, and leaves nothing behind on the disk. */
async function claimSwitch(switchName: string, origin: string | undefined): Promise<Server> {
  const digest = createHash('sha256').update(switchName).digest('hex').slice(0, 32)
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((listening, refused) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') refused(cause)
      const message = `another vtepd runs the switch «${switchName}» in this network namespace`
      refused(new ConfigError('claimed', origin, message, { cause }))
    })
    server.listen({ path: `\0vtepd.switch.${digest}` }, listening)
  })
  server.unref()
  return server
}

function claimRunDir(runDir: string, switchName: string, origin: string | undefined): void {
  const self = identifyProcess(process.pid)
  if (self === undefined) throw new ConfigError('claimed', undefined, '/proc is not mounted')
  const record: RunRecord = { ...self, switchName, netns: ownNetns() }
  const draft = join(runDir, `.vtepd.${process.pid}`)
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o644 })
  try {
    for (;;) {
      if (linkIfFree(draft, runRecordPath(runDir))) return
      const holder = readRunRecord(runDir)
      if (holder !== undefined && isRunning(holder)) {
        const message = `vtepd with process id ${holder.pid} (switch «${holder.switchName}») already uses the run directory «${runDir}»`
        throw new ConfigError('claimed', origin, message)
      }
      rmSync(runRecordPath(runDir), { force: true })
    }
  } finally {
    unlinkSync(draft)
  }
}

/** link(2) makes the record appear whole, and fails when one is there. */
function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}
