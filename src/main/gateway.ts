import type { Config } from '../config/config.js'
import type { Datapath, DatapathEvent } from '../datapath/datapath.js'
import { createDesiredBuilder, type Desired } from '../desired/desired.js'
import type { Forwarding } from '../desired/forwarding.js'
import type { Present } from '../desired/present.js'
import type { Replica } from '../ovsdb/replica.js'
import type { BindingTotals, Publication } from '../publish/publication.js'
import { appliedFromSnapshot } from '../reconcile/applied.js'
import type { Tables } from '../schema/rows.generated.js'
import { bfdStatusColumns } from './bfd-status-columns.js'
import { createBfdTable, type BfdTable } from './bfd-table.js'
import { impairmentsOf, type Impairment } from './impairment.js'
import { KernelTables } from './kernel-tables.js'
import { LinkLog } from './link-log.js'
import { Links } from './links.js'
import { createLocalMacTable, type LocalMacTable } from './local-mac-table.js'
import type { Log } from './log.js'
import { MacRoom } from './mac-room.js'
import { faultRowsIn, ownSwitchRow } from './own-rows.js'
import { RefusalLog } from './refusal-log.js'
import { publicationOf, totalsOf } from './publication-of.js'

export interface GatewayOptions {
  readonly config: Config
  readonly datapath: Datapath
  readonly log: Log
  /** Whether this process decides about the switch; while it is false no pass is made. `takeReplica` makes up for it. */
  readonly mayApply: () => boolean
  /** Called after a pass that may have changed what the database is to say. */
  readonly onPublication: () => void
}

/**
 * Makes the kernel do what the database says: one pass per wake-up, from the whole replica to the whole of the kernel's tables.
 *
 * It knows of no connection: while the database is away the last replica stands, and forwarding with it.
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #buildDesired: (replica: Replica<Tables>, present: Present) => Desired
  readonly #kernel: KernelTables
  readonly #localMacs: LocalMacTable
  readonly #macRoom: MacRoom
  readonly #bfd: BfdTable
  readonly #links: Links
  readonly #linkLog: LinkLog
  readonly #refusalLog: RefusalLog
  #replica: Replica<Tables> | undefined
  #desired: Desired | undefined
  /** The bindings that the data plane was told to keep counts of. */
  #counted: Desired['bindings'] | undefined
  #totals: readonly BindingTotals[] = []
  #scheduled: NodeJS.Immediate | undefined
  #repairs = 0

  constructor(options: GatewayOptions) {
    const { config, datapath, log } = options
    this.#options = options
    this.#buildDesired = createDesiredBuilder({
      switchName: config.switchName,
      tunnelIp: config.tunnelIp,
      floodsToRemoteMacs: config.floodsToRemoteMacs,
      ports: new Map(config.ports.map(({ name, netdev }) => [name, netdev])),
      reservedVlans: config.reservedVlans,
      arpNdSuppression: config.arpNdSuppression,
    })
    const snapshot = datapath.snapshot()
    const applied = withoutPorts(appliedFromSnapshot(snapshot), config)
    this.#kernel = new KernelTables(datapath, applied, () => this.#schedule())
    this.#localMacs = createLocalMacTable(snapshot.localMacs)
    this.#bfd = createBfdTable(datapath.bfdStatus())
    this.#links = new Links(datapath, log, config.tunnelIp === undefined, (ports) => {
      this.#kernel.keepDevices(new Set(ports.map(({ netdev }) => netdev)))
      this.#linkLog.tell(ports, datapath.tunnelStatus(), datapath.localAddresses())
    })
    this.#linkLog = new LinkLog(config.ports, log)
    this.#refusalLog = new RefusalLog(log)
    this.#macRoom = new MacRoom(config, datapath, log)
    this.#macRoom.read(undefined)
  }

  /** Takes the replica for the next pass. */
  takeReplica(replica: Replica<Tables>): void {
    this.#noticeLoss(replica)
    this.#replica = replica
    this.#schedule()
  }

  /** Takes what the data plane tells by itself. */
  takeEvents(events: readonly DatapathEvent[]): void {
    let isNews = false
    for (const event of events) if (this.#take(event)) isNews = true
    // Once for all of them: reading costs more than an event.
    if (events.some(({ kind }) => kind === 'macRoom')) {
      this.#macRoom.read(this.#replica?.table('Logical_Switch'))
      isNews = true
    }
    if (isNews) this.#options.onPublication()
  }

  /** Reads the counters; what they say is in the next publication. */
  sample(): void {
    this.#macRoom.read(this.#replica?.table('Logical_Switch'))
    this.#totals = totalsOf(this.#options.config, this.#options.datapath.bindingCounters())
    this.#options.onPublication()
  }

  /** What the database is to say; undefined before the first pass. */
  publication(): Publication | undefined {
    if (this.#desired === undefined) return undefined
    const faults = [...this.#desired.refusals, ...this.impairments].map(({ fault }) => fault)
    const bfd = bfdStatusColumns(this.#desired.forwarding.bfd.keys(), this.#bfd.statuses(), this.#kernel.failures)
    return publicationOf(this.#options.config, this.#desired, this.#localMacs.bySwitch, bfd, faults, this.#totals)
  }

  /** What the kernel has. */
  get applied(): Forwarding {
    return this.#kernel.applied
  }

  /** What should be; undefined before the first pass. */
  get desired(): Desired | undefined {
    return this.#desired
  }

  /** What the kernel did not take. */
  get impairments(): readonly Impairment[] {
    const failed = impairmentsOf(this.#kernel.failures, faultRowsIn(this.#replica, this.#options.config))
    return [...failed, ...this.#macRoom.roomless]
  }

  /** How often something of ours had been taken out of the kernel and was put back. */
  get repairs(): number {
    return this.#repairs
  }

  /** Ends the passes; the kernel keeps what it has. */
  close(): void {
    clearImmediate(this.#scheduled)
    this.#kernel.close()
    this.#links.close()
    this.#replica = undefined
  }

  /** Answers whether the database is to say something else. */
  #take(event: DatapathEvent): boolean {
    const { log } = this.#options
    switch (event.kind) {
      case 'links':
        this.#links.follow()
        return false
      case 'macRoom':
        return false
      case 'bfd':
        log.info('bfd', { ...event.status })
        this.#judgeBfd(() => this.#bfd.take(event.status))
        return true
      case 'repaired':
        this.#repairs += 1
        log.warn('datapath_repaired', { reason: event.reason, count: this.#repairs })
        return false
      case 'failed':
        log.warn('datapath_failed', { reason: event.reason })
        return false
      case 'refused':
        log.info('remote_mac_on_access', { mac: event.mac, netdev: event.netdev, vlan: event.vlan })
        return false
      case 'learned':
      case 'moved':
      case 'forgotten':
        log.debug(`mac_${event.kind}`, { mac: event.mac, netdev: event.netdev, vlan: event.vlan })
        return this.#localMacs.take(event)
    }
  }

  /**
   * The database is the truth, also when somebody put another in its place: what it does not bind is not forwarded. Our own rows are
   * made again; what a controller wrote is for it to write again.
   */
  #noticeLoss(replica: Replica<Tables>): void {
    const { log, config } = this.#options
    if (ownSwitchRow(this.#replica, config) === undefined || ownSwitchRow(replica, config) !== undefined) return
    log.warn('own_rows_gone', { switch: config.switchName, logicalSwitches: replica.table('Logical_Switch').size })
  }

  /** Wake-ups of one turn of the event loop are answered by one pass. */
  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#pass()
    })
  }

  #pass(): void {
    if (this.#replica === undefined || !this.#options.mayApply()) return
    const { switches, floods, groups, origins } = this.#kernel.applied
    const choices = { switches, floods, groups, origins }
    const box = { addresses: this.#links.addresses, unreachable: this.#bfd.unreachable(), healthy: this.#bfd.healthy() }
    this.#desired = this.#buildDesired(this.#replica, { ...choices, ...box })
    this.#refusalLog.tell(this.#desired.refusals)
    this.#apply(this.#desired)
    this.#options.onPublication()
  }

  #apply({ forwarding, bindings }: Desired): void {
    const { datapath, log } = this.#options
    const plan = this.#kernel.reach(forwarding)
    if (plan !== undefined || bindings !== this.#counted) {
      datapath.keepCounts(bindings)
      this.#counted = bindings
    }
    if (plan === undefined) return
    if (plan.some(({ kind }) => kind === 'putBfd' || kind === 'removeBfd'))
      this.#judgeBfd(() => this.#bfd.replace(datapath.bfdStatus()))
    if (plan.some(({ kind }) => kind === 'putPorts' || kind === 'putTunnels' || kind === 'removeTunnels'))
      this.#linkLog.tell(datapath.portStatus(), datapath.tunnelStatus(), datapath.localAddresses())
    if (plan.length > 0) {
      const counts = Object.fromEntries(plan.map(({ kind, entries }) => [kind, entries.length]))
      log.info('applied', { ...counts, failures: this.#kernel.failures.length })
    }
    for (const { subject, reason } of this.impairments) log.warn('not_applied', { subject, reason })
  }

  /** A remote VTEP that died or came back may be another choice for the logical switches in service_node mode. */
  #judgeBfd(change: () => void): void {
    const before = [this.#bfd.unreachable(), this.#bfd.healthy()]
    change()
    if (before[0] !== this.#bfd.unreachable() || before[1] !== this.#bfd.healthy()) this.#schedule()
  }
}

/** A port that is there already is put again at start: it gets this version's programs, in the mode that is configured now. */
function withoutPorts(applied: Forwarding, config: Config): Forwarding {
  const configured = new Set(config.ports.map(({ netdev }) => netdev))
  return { ...applied, ports: new Set([...applied.ports].filter((netdev) => !configured.has(netdev))) }
}
