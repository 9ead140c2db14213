import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabaseFile } from './database-file.js'
import { EmbeddedError } from './embedded-error.js'
import { makeDirectory } from './make-directory.js'
import { endOrphan } from './orphan.js'
import { Watchdog } from './watchdog.js'

const START_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 5_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A server that lived this long died of something new: the back-off begins afresh. */
const STEADY_MS = 30_000

/** What lib/lockfile.c of OVS says when the lock of a database is taken: nothing but its words tells which process has it. */
const LOCKED_BY = /already locked by pid (\d+)/

export interface EmbeddedServerOptions {
  readonly stateDir: string
  readonly runDir: string
  /** PEM files for managers that connect over TLS. */
  readonly tls: { readonly privateKey: string; readonly certificate: string; readonly caCert: string } | undefined
  readonly log: {
    readonly debug: (event: string, fields?: object) => void
    readonly info: (event: string, fields?: object) => void
    readonly warn: (event: string, fields?: object) => void
  }
}

/** Where the daemon and local tools connect to the own server of a run directory. */
export function databaseSocketPath(runDir: string): string {
  return join(runDir, 'db.sock')
}

/**
 * The daemon's own ovsdb-server: a child in the foreground that is started again when it dies and ends with the daemon.
 *
 * It ends also when the daemon is killed (PR_SET_PDEATHSIG), so that one process decides about the database at any time;
 * controllers then reconnect to the next one, which has the same rows.
 */
export class EmbeddedServer {
  readonly #options: EmbeddedServerOptions
  readonly #closing = new AbortController()
  readonly #isClosing = (): boolean => this.#closing.signal.aborted
  #child: ChildProcess | undefined
  /** Process that serves the database already, as the last child said when it could not lock it. */
  #rival: string | undefined
  #supervision: Promise<void> | undefined

  constructor(options: EmbeddedServerOptions) {
    this.#options = options
  }

  get socketPath(): string {
    return databaseSocketPath(this.#options.runDir)
  }

  /** Resolves once the server answers. @throws EmbeddedError when it cannot be brought up. */
  async start(): Promise<void> {
    const { stateDir, runDir, log } = this.#options
    makeDirectory(runDir, 0o755)
    if ((await endOrphan(this.#pidFile, join(stateDir, 'hardware_vtep.db'))) === 'ended')
      log.warn('orphaned_ovsdb_server_ended')
    const database = await openDatabaseFile(stateDir)
    const child = this.#spawn(database)
    await this.#answers(child)
    this.#supervision = this.#supervise(child)
  }

  /** Ends the server and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort()
    const child = this.#child
    if (child !== undefined && isAlive(child)) {
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
      await once(child, 'exit')
      clearTimeout(impatience)
    }
    await this.#supervision
  }

  get #pidFile(): string {
    return join(this.#options.runDir, 'ovsdb-server.pid')
  }

  #spawn(database: string): ChildProcess {
    const { runDir, tls } = this.#options
    const args = [
      '--pdeathsig=TERM',
      'ovsdb-server',
      database,
      `--remote=punix:${this.socketPath}`,
      '--remote=db:hardware_vtep,Global,managers',
      `--unixctl=${join(runDir, 'ovsdb-server.ctl')}`,
      `--pidfile=${this.#pidFile}`,
      '-vsyslog:off',
      '-vconsole:info',
      '-vPATTERN:console:%p|%c|%m',
      ...(tls
        ? [`--private-key=${tls.privateKey}`, `--certificate=${tls.certificate}`, `--ca-cert=${tls.caCert}`]
        : []),
    ]
    // A session of its own: Ctrl-C in a terminal is for the daemon, which then ends its server in order.
    const child = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    // Without a listener a failed spawn would throw; #answers and #supervise see it as an exit.
    child.once('error', (cause) => this.#options.log.warn('ovsdb_server_not_spawned', { message: cause.message }))
    createInterface({ input: child.stderr }).on('line', (line) => this.#relay(line))
    this.#child = child
    return child
  }

  #relay(line: string): void {
    const [level, module, ...words] = line.split('|')
    if (module === 'lockfile') this.#rival ??= LOCKED_BY.exec(line)?.[1]
    const fields = words.length > 0 ? { module, message: words.join('|') } : { message: line }
    // Each client that hangs up is a WARN to ovsdb-server, its own bookkeeping an INFO.
    if (level === 'INFO' || level === 'DBG') this.#options.log.debug('ovsdb_server', fields)
    else if (level === 'WARN') this.#options.log.info('ovsdb_server', fields)
    else this.#options.log.warn('ovsdb_server', fields)
  }

  async #answers(child: ChildProcess): Promise<void> {
    for (let waitedMs = 0; waitedMs < START_LIMIT_MS; waitedMs += 20) {
      if (!isAlive(child)) break
      if (await accepts(this.socketPath)) return
      await delay(20)
    }
    child.kill('SIGKILL')
    if (child.stderr !== null) await finished(child.stderr).catch(() => undefined)
    if (this.#rival !== undefined) {
      const { stateDir } = this.#options
      const message = `the database in «${stateDir}» is already served by the process ${this.#rival}: another daemon needs another --state-dir`
      throw new EmbeddedError('claimed', message)
    }
    throw new EmbeddedError('start', 'ovsdb-server did not start; its own words are in the log above')
  }

  async #supervise(first: ChildProcess): Promise<void> {
    let child: ChildProcess | undefined = first
    let pauseMs = FIRST_PAUSE_MS
    for (;;) {
      const bornMs = performance.now()
      if (child !== undefined && isAlive(child)) {
        const watchdog = this.#watch(child)
        await once(child, 'exit')
        watchdog?.close()
      }
      if (this.#isClosing()) return
      if (performance.now() - bornMs > STEADY_MS) pauseMs = FIRST_PAUSE_MS
      this.#options.log.warn('ovsdb_server_died', { code: child?.exitCode, signal: child?.signalCode, pauseMs })
      await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      if (this.#isClosing()) return
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      child = await this.#spawnAgain()
    }
  }

  #watch(child: ChildProcess): Watchdog | undefined {
    if (child.pid === undefined) return undefined
    return new Watchdog(this.socketPath, child.pid, () => {
      this.#options.log.warn('ovsdb_server_hangs', { pid: child.pid })
      child.kill('SIGKILL')
    })
  }

  /** A database file that is gone is made anew, empty; one that cannot be read stays as it is, and there is no server. */
  async #spawnAgain(): Promise<ChildProcess | undefined> {
    try {
      return this.#spawn(await openDatabaseFile(this.#options.stateDir))
    } catch (cause) {
      this.#options.log.warn('ovsdb_server_not_started', { message: String(cause) })
      return undefined
    }
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
