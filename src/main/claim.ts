import { linkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { ConfigError } from '../config/config-error.js'
import { gatewayHere } from '../datapath/native-datapath.js'
import { makeDirectory } from '../embedded/make-directory.js'
import { identifyProcess, isRunning } from '../embedded/process-identity.js'
import { askSwitchHolder, describeHolder, switchSocketPath, type SwitchHolder } from './switch-holder.js'
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
  const guard = await claimSwitch({ pid: process.pid, runDir }, switchName, originOf('switch'))
  try {
    await refuseOtherGateway(switchName, originOf('switch'))
    claimRunDir(runDir, switchName, originOf('run-dir'))
  } catch (cause) {
    guard.close()
    throw cause
  }
  return { release: () => new Promise((done) => guard.close(() => done())) }
}

async function claimSwitch(self: SwitchHolder, switchName: string, origin: string | undefined): Promise<Server> {
  const server = createServer((socket) => {
    // Who asked may be gone.
    socket.on('error', () => undefined)
    socket.end(JSON.stringify(self))
  })
  const isFree = await new Promise<boolean>((listening, failed) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') listening(false)
      else failed(cause)
    })
    server.listen({ path: switchSocketPath(switchName) }, () => listening(true))
  })
  if (!isFree) {
    const holder = (await askSwitchHolder(switchName)) ?? 'unknown'
    const message = `${describeHolder(holder)} runs the switch «${switchName}» in this network namespace already`
    throw new ConfigError('claimed', origin, message)
  }
  server.unref()
  return server
}

/** What is in the kernel may be another switch's, which nobody runs now, or somebody does. */
async function refuseOtherGateway(switchName: string, origin: string | undefined): Promise<void> {
  const other = await gatewayHere()
  if (other === undefined || other === switchName) return
  const holder = await askSwitchHolder(other)
  const message =
    `this network namespace has one gateway, which is «${other}», not «${switchName}»` +
    (holder === undefined
      ? ', and forwards without a daemon: `vtep datapath detach` removes it'
      : `: ${describeHolder(holder)} runs it`)
  throw new ConfigError('claimed', origin, message)
}

function claimRunDir(runDir: string, switchName: string, origin: string | undefined): void {
  const self = identifyProcess(process.pid)
  if (self === undefined) throw new ConfigError('claimed', undefined, '/proc is not mounted')
  const record: RunRecord = { ...self, switchName, netns: ownNetns() }
  const draft = join(runDir, `.vtepd.${process.pid}`)
  try {
    makeDirectory(runDir, 0o755)
    writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o644 })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError('box', origin, message, { cause })
  }
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
