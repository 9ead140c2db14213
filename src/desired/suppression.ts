import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import { ARP_ND_SUPPRESSION, parseFlag } from '../schema/other-config.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** Whether ARP and neighbour discovery are answered in a logical switch; a value that is no flag leaves it to the default. */
export function readSuppression(
  { _uuid, name, other_config }: LogicalSwitchRow,
  byDefault: boolean,
): { readonly isOn: boolean; readonly refusals: readonly Refusal[] } {
  const flag = parseFlag(other_config, ARP_ND_SUPPRESSION)
  if (flag.ok) return { isOn: flag.value ?? byDefault, refusals: [] }
  const reason = `other_config:${ARP_ND_SUPPRESSION} ${flag.reason}; this box's default holds: ${String(byDefault)}`
  return {
    isOn: byDefault,
    refusals: [{ table: 'Logical_Switch', row: _uuid, subject: name, reason, fault: UNSPECIFIED }],
  }
}
