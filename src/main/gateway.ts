import type { Config } from '../config/config.js'
import type { BfdStatus, Datapath, DatapathEvent } from '../datapath/datapath.js'
import { createDesiredBuilder, type Desired } from '../desired/desired.js'
import type { Forwarding } from '../desired/forwarding.js'
import type { Present } from '../desired/present.js'
import type { Replica } from '../ovsdb/replica.js'
import type { BindingTotals, Publication } from '../publish/publication.js'
import { applyPlan, type StepFailure } from '../reconcile/apply.js'
import { appliedFromSnapshot } from '../reconcile/applied.js'
import { planChanges } from '../reconcile/plan.js'
import type { PhysicalPortRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import { bfdStatusColumns } from './bfd-status-columns.js'
import { createBfdTable, type BfdTable } from './bfd-table.js'
import { impairmentsOf, type Impairment } from './impairment.js'
import { createLocalMacTable, type LocalMacTable } from './local-mac-table.js'
import type { Log } from './log.js'
import { roomlessOf } from './mac-room.js'
import { publicationOf, totalsOf } from './publication-of.js'

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000

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
  readonly #localMacs: LocalMacTable
  readonly #bfd: BfdTable
  #replica: Replica<Tables> | undefined
  #applied: Forwarding
  #attempted: Forwarding | undefined
  #desired: Desired | undefined
  #failures: readonly StepFailure[] = []
  #totals: readonly BindingTotals[] = []
  #roomless: readonly Impairment[] = []
  #addresses: ReadonlySet<string>
  #scheduled: NodeJS.Immediate | undefined
  #retry: NodeJS.Timeout | undefined
  #retryMs = FIRST_RETRY_MS
  #repairs = 0
  #linksRetry: NodeJS.Timeout | undefined

  constructor(options: GatewayOptions) {
    const { config, datapath } = options
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
    this.#applied = withoutPorts(appliedFromSnapshot(snapshot), config)
    this.#localMacs = createLocalMacTable(snapshot.localMacs)
    this.#bfd = createBfdTable(datapath.bfdStatus())
    this.#addresses = this.#readAddresses()
    this.#readMacRoom()
  }

  /** Takes the replica for the next pass. */
  takeReplica(replica: Replica<Tables>): void {
    this.#noticeLoss(replica)
    this.#replica = replica
    this.#schedule()
  }

  /** Takes what the data plane tells by itself. */
  takeEvents(events: readonly DatapathEvent[]): void {
    const { log, onPublication } = this.#options
    let isNews = false
    let isRoomNews = false
    for (const event of events) {
      if (this.#localMacs.take(event)) isNews = true
      if (event.kind === 'links') this.#followLinks()
      else if (event.kind === 'macRoom') isRoomNews = true
      else if (event.kind === 'bfd') {
        this.#followBfd(event.status)
        isNews = true
      } else if (event.kind === 'repaired') {
        this.#repairs += 1
        log.warn('datapath_repaired', { reason: event.reason, count: this.#repairs })
      } else if (event.kind === 'failed') log.warn('datapath_failed', { reason: event.reason })
      else if (event.kind === 'refused')
        log.info('remote_mac_on_access', { mac: event.mac, netdev: event.netdev, vlan: event.vlan })
      else log.debug(`mac_${event.kind}`, { mac: event.mac, netdev: event.netdev, vlan: event.vlan })
    }
    if (isRoomNews) this.#readMacRoom()
    if (isNews || isRoomNews) onPublication()
  }

  /** Reads the counters; what they say is in the next publication. */
  sample(): void {
    this.#readMacRoom()
    this.#totals = totalsOf(this.#options.config, this.#options.datapath.bindingCounters())
    this.#options.onPublication()
  }

  /** What the database is to say; undefined before the first pass. */
  publication(): Publication | undefined {
    if (this.#desired === undefined) return undefined
    const faults = [...this.#desired.refusals, ...this.impairments].map(({ fault }) => fault)
    const bfd = bfdStatusColumns(this.#desired.forwarding.bfd.keys(), this.#bfd.statuses(), this.#failures)
    return publicationOf(this.#options.config, this.#desired, this.#localMacs.bySwitch, bfd, faults, this.#totals)
  }

  /** What the kernel has. */
  get applied(): Forwarding {
    return this.#applied
  }

  /** What should be; undefined before the first pass. */
  get desired(): Desired | undefined {
    return this.#desired
  }

  /** What the kernel did not take. */
  get impairments(): readonly Impairment[] {
    const failed = impairmentsOf(this.#failures, {
      portOf: (netdev) => this.#portRow(netdev)?._uuid,
      aclOf: (netdev, vlan) => this.#portRow(netdev)?.acl_bindings.get(vlan),
    })
    return [...failed, ...this.#roomless]
  }

  /** How often something of ours had been taken out of the kernel and was put back. */
  get repairs(): number {
    return this.#repairs
  }

  /** Ends the passes; the kernel keeps what it has. */
  close(): void {
    clearImmediate(this.#scheduled)
    clearTimeout(this.#retry)
    clearTimeout(this.#linksRetry)
    this.#replica = undefined
  }

  /**
   * The database is the truth, also when somebody put another in its place: what it does not bind is not forwarded. Our own rows are
   * made again; what a controller wrote is for it to write again.
   */
  #noticeLoss(replica: Replica<Tables>): void {
    const { log, config } = this.#options
    if (this.#ownRow(this.#replica) === undefined || this.#ownRow(replica) !== undefined) return
    log.warn('own_rows_gone', { switch: config.switchName, logicalSwitches: replica.table('Logical_Switch').size })
  }

  #ownRow(replica: Replica<Tables> | undefined): PhysicalSwitchRow | undefined {
    const rows = replica?.table('Physical_Switch').values() ?? []
    return [...rows].find(({ name }) => name === this.#options.config.switchName)
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
    const { switches, floods, groups, origins } = this.#applied
    const present = {
      switches,
      floods,
      groups,
      origins,
      addresses: this.#addresses,
      unreachable: this.#bfd.unreachable(),
    }
    const desired = this.#buildDesired(this.#replica, present)
    // What the kernel refused a moment ago is not offered again with every row that changes elsewhere.
    const isNews =
      this.#attempted === undefined ||
      (desired !== this.#desired && planChanges(this.#attempted, desired.forwarding).length > 0)
    this.#desired = desired
    if (isNews) this.#apply(desired.forwarding)
    this.#options.onPublication()
  }

  #apply(forwarding: Forwarding): void {
    const { datapath, log } = this.#options
    const plan = planChanges(this.#applied, forwarding)
    this.#attempted = forwarding
    const { applied, failures } = applyPlan(datapath, plan, this.#applied, forwarding)
    this.#applied = applied
    this.#failures = failures
    if (plan.some(({ kind }) => kind === 'putBfd' || kind === 'removeBfd')) this.#readBfd()
    if (plan.length > 0) {
      const counts = Object.fromEntries(plan.map(({ kind, entries }) => [kind, entries.length]))
      log.info('applied', { ...counts, failures: failures.length })
    }
    for (const { subject, reason } of this.impairments) log.warn('not_applied', { subject, reason })
    this.#armRetry()
  }

  #armRetry(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    if (this.#failures.length === 0) {
      this.#retryMs = FIRST_RETRY_MS
      return
    }
    this.#retry = setTimeout(() => this.#tryAgain(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS)
  }

  #tryAgain(): void {
    this.#attempted = undefined
    this.#schedule()
  }

  #followBfd(status: BfdStatus): void {
    this.#options.log.info('bfd', { ...status })
    this.#judgeBfd(() => this.#bfd.take(status))
  }

  /** Which sessions there are. */
  #readBfd(): void {
    this.#judgeBfd(() => this.#bfd.replace(this.#options.datapath.bfdStatus()))
  }

  /** A remote VTEP that died or came back may be another choice for the logical switches in service_node mode. */
  #judgeBfd(change: () => void): void {
    const before = this.#bfd.unreachable()
    change()
    if (this.#bfd.unreachable() !== before) this.#schedule()
  }

  /** Events come in a callback of the native module, where nothing may be thrown: what was known stands until it can be read. */
  #followLinks(): void {
    clearTimeout(this.#linksRetry)
    try {
      this.#readLinks()
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      this.#options.log.warn('links_not_read', { message, retryMs: FIRST_RETRY_MS })
      this.#linksRetry = setTimeout(() => this.#followLinks(), FIRST_RETRY_MS)
    }
  }

  /** A device that vanished took its port, bindings and ACLs along, and may be back under the same name. */
  #readLinks(): void {
    const addresses = this.#readAddresses()
    const there = new Set(this.#options.datapath.portStatus().map(({ netdev }) => netdev))
    const ports = new Set([...this.#applied.ports].filter((netdev) => there.has(netdev)))
    this.#applied = {
      ...this.#applied,
      ports,
      bindings: new Map([...this.#applied.bindings].filter(([, { netdev }]) => there.has(netdev))),
      acls: new Map([...this.#applied.acls].filter(([, { netdev }]) => there.has(netdev))),
    }
    this.#addresses = addresses
    this.#tryAgain()
  }

  /** Events come in a callback of the native module: what cannot be read now is read with the next sample. */
  #readMacRoom(): void {
    const { datapath, log, config } = this.#options
    const before = new Set(this.#roomless.map(({ subject }) => subject))
    try {
      this.#roomless = roomlessOf(datapath.macUses(), config, this.#replica?.table('Logical_Switch'))
    } catch (cause) {
      log.warn('mac_room_not_read', { message: cause instanceof Error ? cause.message : String(cause) })
    }
    for (const { subject, reason } of this.#roomless)
      if (!before.has(subject)) log.warn('mac_table_exhaustion', { subject, reason })
  }

  /** They matter only where the database says the tunnel address. */
  #readAddresses(): ReadonlySet<string> {
    const { config, datapath } = this.#options
    if (config.tunnelIp !== undefined) return new Set()
    return new Set(datapath.localAddresses().map(({ address }) => address))
  }

  #portRow(netdev: string): PhysicalPortRow | undefined {
    const name = this.#options.config.ports.find((port) => port.netdev === netdev)?.name
    const rows = (this.#ownRow(this.#replica)?.ports ?? []).flatMap(
      (id) => this.#replica?.table('Physical_Port').get(id) ?? [],
    )
    return rows.find((row) => row.name === name)
  }
}

/** A port that is there already is put again at start: it gets this version's programs, in the mode that is configured now. */
function withoutPorts(applied: Forwarding, config: Config): Forwarding {
  const configured = new Set(config.ports.map(({ netdev }) => netdev))
  return { ...applied, ports: new Set([...applied.ports].filter((netdev) => !configured.has(netdev))) }
}
