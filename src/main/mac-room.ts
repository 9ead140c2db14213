import type { Config } from '../config/config.js'
import type { MacUse } from '../datapath/datapath.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import type { Impairment } from './impairment.js'

/** Whose local MACs are not learned for want of room: Physical_Switch.switch_fault_status says so while it lasts. */
export function roomlessOf(
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
