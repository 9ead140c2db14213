import type { Config } from '../config/config.js'
import type { Datapath, MacUse } from '../datapath/datapath.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import type { Impairment } from './impairment.js'
import type { Log } from './log.js'

/** Reads for whom there is no room; what was known stands until it can be read. */
export class MacRoom {
  readonly #config: Config
  readonly #datapath: Datapath
  readonly #log: Log
  #roomless: readonly Impairment[] = []

  constructor(config: Config, datapath: Datapath, log: Log) {
    this.#config = config
    this.#datapath = datapath
    this.#log = log
  }

  get roomless(): readonly Impairment[] {
    return this.#roomless
  }

  /** Events come in a callback of the native module: what cannot be read now is read with the next sample. */
  read(switches: ReadonlyMap<Uuid, LogicalSwitchRow> | undefined): void {
    const before = new Set(this.#roomless.map(({ subject }) => subject))
    try {
      this.#roomless = roomlessOf(this.#datapath.macUses(), this.#config, switches)
    } catch (cause) {
      this.#log.warn('mac_room_not_read', { message: cause instanceof Error ? cause.message : String(cause) })
    }
    for (const { subject, reason } of this.#roomless)
      if (!before.has(subject)) this.#log.warn('mac_table_exhaustion', { subject, reason })
  }
}

/** Whose local MACs are not learned for want of room: Physical_Switch.switch_fault_status says so while it lasts. */
function roomlessOf(
  uses: readonly MacUse[],
  { ports }: Pick<Config, 'ports'>,
  switches: ReadonlyMap<Uuid, LogicalSwitchRow> | undefined,
): readonly Impairment[] {
  return uses
    .filter(({ isExhausted }) => isExhausted)
    .map(({ holder, held, limit }) => ({
      subject: subjectOf(holder),
      reason: `no room for more: ${held} of ${limit} are known (${settingOf(holder)}); frames of others are flooded`,
      fault: { on: 'switch', key: 'mac_table_exhaustion' },
    }))

  function subjectOf(holder: MacUse['holder']): string {
    switch (holder.kind) {
      case 'table':
        return 'local MACs'
      case 'switch':
        return `local MACs of logical switch ${switches?.get(holder.switchId)?.name ?? holder.switchId}`
      case 'port':
        return `local MACs of port ${ports.find(({ netdev }) => netdev === holder.netdev)?.name ?? holder.netdev}`
    }
  }
}

function settingOf({ kind }: MacUse['holder']): string {
  return kind === 'table' ? 'max-macs' : `max-macs-per-${kind}`
}
