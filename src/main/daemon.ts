import type { Config } from '../config/config.js'
import { ConfigError } from '../config/config-error.js'
import { ConsoleServer } from '../console/server.js'
import { buildShown, type SectionName, type Shown } from '../console/shown.js'
import type { Datapath } from '../datapath/datapath.js'
import { detachDatapath, openDatapath } from '../datapath/native-datapath.js'
import { databaseSocketPath, EmbeddedServer } from '../embedded/ovsdb-server.js'
import { OvsdbClient, type ConnectionState } from '../ovsdb/client.js'
import type { Endpoint } from '../ovsdb/endpoint.js'
import type { Operation } from '../ovsdb/operation.js'
import { MONITORED } from '../publish/monitored.js'
import { Publisher } from '../publish/publisher.js'
import { createTransactionBuilder } from '../publish/transaction.js'
import { hardwareVtep, type Tables } from '../schema/rows.generated.js'
import { Gateway } from './gateway.js'
import { lockName } from './lock-name.js'
import type { Log } from './log.js'

/**
 * How long another holder of the lock has to go away when the daemon starts: it may be the one that is being replaced. A Unix socket ends
 * with its process; over TCP the server finds out by a probe, which by default takes it two times five seconds.
 */
const LOCK_PATIENCE_MS = { unix: 3_000, remote: 15_000 } as const
/** A server on this box that dies closes its socket; one that is silent is at work on a large transaction. */
const LOCAL_PROBE_MS = 60_000

/** Why the daemon ended by itself. */
export type DaemonEnd = { readonly kind: 'detached' } | { readonly kind: 'failed'; readonly cause: unknown }

/**
 * The parts of the daemon, wired: database -> gateway -> kernel, and back by the publisher.
 *
 * The kernel is touched once the lock is held: from then on no other daemon decides about this switch.
 */
export class Daemon {
  readonly #config: Config
  readonly #version: string
  readonly #log: Log
  readonly #endpoint: Endpoint
  readonly #client: OvsdbClient<Tables>
  readonly #publisher: Publisher
  readonly #buildTransaction = createTransactionBuilder()
  readonly #console: ConsoleServer
  readonly #embedded: EmbeddedServer | undefined
  readonly #startedMs = Date.now()
  readonly #end: (end: DaemonEnd) => void
  #datapath: Datapath | undefined
  #gateway: Gateway | undefined
  #phase: 'waiting' | 'opening' | 'open' | 'closed' = 'waiting'
  #isInService = false
  /** As last heard: while the database is out of reach nobody else is known to decide. */
  #isLockHeld = false
  readonly #lockPatienceMs: number
  #lockPatience: NodeJS.Timeout | undefined
  #sampling: NodeJS.Timeout | undefined

  /** @param end called once at most, when the daemon cannot or need not go on; `close` is then still to be called. */
  constructor(config: Config, version: string, log: Log, end: (end: DaemonEnd) => void) {
    this.#config = config
    this.#version = version
    this.#log = log
    this.#end = end
    const { database, stateDir, runDir, tls } = config
    this.#embedded = database.kind === 'embedded' ? new EmbeddedServer({ stateDir, runDir, tls, log }) : undefined
    const endpoint: Endpoint =
      database.kind === 'external' ? database.endpoint : { kind: 'unix', path: databaseSocketPath(runDir) }
    this.#endpoint = endpoint
    this.#lockPatienceMs = LOCK_PATIENCE_MS[endpoint.kind === 'unix' ? 'unix' : 'remote']
    this.#client = new OvsdbClient<Tables>({
      endpoint,
      timing: endpoint.kind === 'unix' ? { probeIntervalMs: LOCAL_PROBE_MS } : {},
      database: hardwareVtep,
      monitor: MONITORED,
      lock: lockName(config.switchName),
      ...(tls === undefined
        ? {}
        : { tls: { privateKeyFile: tls.privateKey, certificateFile: tls.certificate, caFile: tls.caCert } }),
      log,
      onChange: (replica) => this.#gateway?.takeReplica(replica),
      onState: (state) => this.#follow(state),
    })
    this.#publisher = new Publisher({
      build: () => this.#operations(),
      transact: (operations) => this.#client.transact(operations),
      log,
      onSettled: () => this.#settled(),
    })
    this.#console = new ConsoleServer({
      runDir,
      log,
      show: (sections) => this.#show(sections),
      detach: () => this.#detach(),
    })
  }

  /** Resolves when all that can be started at once is; the database may come later. @throws EmbeddedError, ConfigError */
  async start(): Promise<void> {
    await this.#embedded?.start()
    await this.#console.start()
    this.#client.start()
  }

  /** Ends everything but forwarding; the database keeps its rows. */
  async close(): Promise<void> {
    this.#phase = 'closed'
    clearTimeout(this.#lockPatience)
    clearInterval(this.#sampling)
    this.#publisher.close()
    this.#gateway?.close()
    await this.#console.close()
    await this.#client.close()
    this.#datapath?.close()
    await this.#embedded?.close()
  }

  #follow(state: ConnectionState): void {
    this.#log.info('database', {
      state: state.kind,
      ...(state.kind === 'backoff' ? { reason: state.reason.message } : {}),
    })
    if (state.kind === 'synced' && state.lock !== 'held') {
      this.#followLoss()
      return
    }
    // Who else holds the lock is not known any more, or nobody does.
    clearTimeout(this.#lockPatience)
    this.#lockPatience = undefined
    if (state.kind !== 'synced') return
    this.#isLockHeld = true
    if (this.#phase === 'waiting') void this.#open()
    this.#gateway?.takeReplica(this.#client.replica)
    this.#publisher.resume()
  }

  /** Somebody else decides about the switch: forwarding stays as it is until the lock comes back. */
  #followLoss(): void {
    this.#isLockHeld = false
    if (this.#phase === 'waiting') {
      this.#lockPatience ??= setTimeout(() => this.#refuseLock(), this.#lockPatienceMs)
    } else {
      this.#log.error('lock_lost', { lock: lockName(this.#config.switchName) })
    }
  }

  #refuseLock(): void {
    if (this.#phase !== 'waiting') return
    const { switchName } = this.#config
    const message =
      `another client holds the lock ${lockName(switchName)} of the database: a vtepd that runs the switch «${switchName}», ` +
      'or one that ended without the server having noticed'
    this.#end({ kind: 'failed', cause: new ConfigError('claimed', undefined, message) })
  }

  async #open(): Promise<void> {
    this.#phase = 'opening'
    const { switchName, datapathMode, macAgeingMs, macLimits } = this.#config
    try {
      const options = { switchName, mode: datapathMode, ageingMs: macAgeingMs, macLimits }
      const datapath = await openDatapath(options, (events) => this.#gateway?.takeEvents(events))
      if (this.#isClosed()) {
        datapath.close()
        return
      }
      this.#datapath = datapath
      this.#gateway = new Gateway({
        config: this.#config,
        datapath,
        log: this.#log,
        mayApply: () => this.#isLockHeld,
        onPublication: () => this.#publisher.wake(),
      })
      this.#phase = 'open'
      this.#gateway.takeReplica(this.#client.replica)
      this.#gateway.sample()
      this.#sampling = setInterval(() => this.#sample(), this.#config.statsIntervalMs)
    } catch (cause) {
      this.#end({ kind: 'failed', cause })
    }
  }

  #isClosed(): boolean {
    return this.#phase === 'closed'
  }

  #sample(): void {
    try {
      this.#gateway?.sample()
    } catch (cause) {
      this.#log.warn('counters_not_read', { message: cause instanceof Error ? cause.message : String(cause) })
    }
  }

  #operations(): readonly Operation[] | undefined {
    const { state } = this.#client
    const publication = this.#gateway?.publication()
    if (publication === undefined || state.kind !== 'synced' || state.lock !== 'held') return undefined
    return this.#client.fit(this.#buildTransaction(this.#client.replica, publication))
  }

  #settled(): void {
    if (this.#isInService) return
    this.#isInService = true
    this.#log.info('in_service', { switch: this.#config.switchName })
  }

  #show(sections: readonly SectionName[]): { readonly shown: Shown; readonly isInService: boolean } {
    const shown = buildShown(sections, {
      config: this.#config,
      version: this.#version,
      startedMs: this.#startedMs,
      isInService: this.#isInService,
      database: this.#endpoint,
      connection: this.#client.state,
      publishError: this.#publisher.lastError?.message,
      replica: this.#client.replica,
      desired: this.#gateway?.desired,
      applied: this.#gateway?.applied,
      impairments: this.#gateway?.impairments ?? [],
      repairs: this.#gateway?.repairs ?? 0,
      datapath: this.#datapath,
      snapshot: once(() => this.#datapath?.snapshot()),
    })
    return { shown, isInService: this.#isInService }
  }

  /** Ends the daemon whatever comes of it: it has let go of the tables. The answer to the console goes out before. */
  async #detach(): Promise<void> {
    this.#phase = 'closed'
    this.#publisher.close()
    this.#gateway?.close()
    this.#datapath?.close()
    this.#datapath = undefined
    this.#gateway = undefined
    let end: DaemonEnd = { kind: 'detached' }
    try {
      await detachDatapath(this.#config.switchName)
      this.#log.info('detached')
    } catch (cause) {
      end = { kind: 'failed', cause }
      throw cause
    } finally {
      setImmediate(() => this.#end(end))
    }
  }
}

/** Two sections of one answer look at the same reading. */
function once<R>(read: () => R): () => R {
  let reading: { readonly value: R } | undefined
  return () => (reading ??= { value: read() }).value
}
