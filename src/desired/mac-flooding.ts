import type { Locator } from '../schema/locator.js'
import { FLOOD_TO_REMOTE_MACS, parseFlag } from '../schema/other-config.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** Where BUM goes in a logical switch for which no row says where `unknown-dst` is. */
export interface MacFlooding {
  /** undefined: it is switched off, and such frames reach the local bindings alone. */
  readonly locators: readonly Locator[] | undefined
  readonly refusals: readonly Refusal[]
}

/**
 * The flood list that stands in for a missing `unknown-dst` row (networking-l2gw writes none): a copy to every end point that a
 * remote MAC is behind, whatever the replication mode. In `service_node` mode, which an unset mode means, one member would have to
 * replicate; nobody named one, and a hypervisor that has some of the MACs does not pass frames on to the others.
 *
 * A row that is there is an answer, also where none of its members can be served: the controller chose, and hears of the fault.
 *
 * @param ends of the standing rows of Ucast_Macs_Remote.
 */
export function floodToMacs(row: LogicalSwitchRow, ends: ReadonlySet<Locator>, byDefault: boolean): MacFlooding {
  const flag = parseFlag(row.other_config, FLOOD_TO_REMOTE_MACS)
  const isOn = flag.ok ? (flag.value ?? byDefault) : byDefault
  return {
    locators: isOn ? [...ends].sort() : undefined,
    refusals: flag.ok ? [] : [refuse(row, `other_config:${FLOOD_TO_REMOTE_MACS} ${flag.reason}`, byDefault)],
  }
}

function refuse({ _uuid, name }: LogicalSwitchRow, reason: string, byDefault: boolean): Refusal {
  return {
    table: 'Logical_Switch',
    row: _uuid,
    subject: name,
    reason: `${reason}; this box's default holds: ${String(byDefault)}`,
    fault: UNSPECIFIED,
  }
}
