import type { Datapath } from '../datapath/datapath.js'
import type { Forwarding } from '../desired/forwarding.js'
import { applyPlan, type StepFailure } from '../reconcile/apply.js'
import { planChanges, type Step } from '../reconcile/plan.js'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * What the kernel has, and the way to what it should have. What it refused a moment ago is not offered again with every row that
 * changes elsewhere, but after a pause, which grows.
 */
export class KernelTables {
  readonly #datapath: Datapath
  readonly #retry: () => void
  #applied: Forwarding
  /** What was last to be reached; undefined: all that differs is to be offered. */
  #attempted: Forwarding | undefined
  #failures: readonly StepFailure[] = []
  #timer: NodeJS.Timeout | undefined
  #pauseMs = FIRST_PAUSE_MS

  /** @param retry called when `reach` is to be called again, whatever changed. */
  constructor(datapath: Datapath, applied: Forwarding, retry: () => void) {
    this.#datapath = datapath
    this.#applied = applied
    this.#retry = retry
  }

  get applied(): Forwarding {
    return this.#applied
  }

  get failures(): readonly StepFailure[] {
    return this.#failures
  }

  /** Brings the kernel there; the answer is what that took, undefined where nothing changed since the last call. */
  reach(forwarding: Forwarding): readonly Step[] | undefined {
    const attempted = this.#attempted
    if (attempted === forwarding) return undefined
    const news = attempted === undefined ? undefined : planChanges(attempted, forwarding)
    if (news?.length === 0) return undefined
    const plan = attempted === this.#applied && news !== undefined ? news : planChanges(this.#applied, forwarding)
    this.#attempted = forwarding
    const { applied, failures } = applyPlan(this.#datapath, plan, this.#applied, forwarding)
    this.#applied = applied
    this.#failures = failures
    this.#arm()
    return plan
  }

  /** A device that vanished took its port, bindings and ACLs along, and may be back under the same name: all is offered again. */
  keepDevices(netdevs: ReadonlySet<string>): void {
    const isThere = ({ netdev }: { readonly netdev: string }): boolean => netdevs.has(netdev)
    this.#applied = {
      ...this.#applied,
      ports: new Set([...this.#applied.ports].filter((netdev) => netdevs.has(netdev))),
      bindings: new Map([...this.#applied.bindings].filter(([, binding]) => isThere(binding))),
      acls: new Map([...this.#applied.acls].filter(([, acl]) => isThere(acl))),
    }
    this.#offerAgain()
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#failures.length === 0) {
      this.#pauseMs = FIRST_PAUSE_MS
      return
    }
    this.#timer = setTimeout(() => this.#offerAgain(), this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }

  #offerAgain(): void {
    this.#attempted = undefined
    this.#retry()
  }
}
