import type { Refusal } from '../desired/refusal.js'
import type { Log } from './log.js'

/** Says once when a row, or a part of one, is not served, and when it is so no more. The log itself holds back floods. */
export class RefusalLog {
  readonly #log: Log
  #refusals: readonly Refusal[] = []

  constructor(log: Log) {
    this.#log = log
  }

  tell(refusals: readonly Refusal[]): void {
    if (refusals === this.#refusals) return
    const [before, now] = [byCause(this.#refusals), byCause(refusals)]
    this.#refusals = refusals
    for (const [cause, refusal] of now) if (!before.has(cause)) this.#log.info('not_served', fields(refusal))
    for (const [cause, refusal] of before) if (!now.has(cause)) this.#log.info('no_longer_refused', fields(refusal))
  }
}

function byCause(refusals: readonly Refusal[]): ReadonlyMap<string, Refusal> {
  return new Map(refusals.map((refusal) => [`${refusal.row} ${refusal.vlan ?? ''} ${refusal.reason}`, refusal]))
}

function fields({ table, subject, reason }: Refusal): object {
  return { table, subject, reason }
}
