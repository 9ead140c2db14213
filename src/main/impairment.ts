import type { Fault, SwitchFault } from '../desired/refusal.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { StepFailure } from '../reconcile/apply.js'

/** Something that the kernel did not take, for people and for the fault columns. */
export interface Impairment {
  readonly subject: string
  readonly reason: string
  readonly fault: Fault
}

/**
 * What failed, said once per port and once per kind of entry: a table that is full fails for each of 100,000 entries.
 *
 * @param portOf the Physical_Port row of a device, when it has one yet.
 */
export function impairmentsOf(
  failures: readonly StepFailure[],
  portOf: (netdev: string) => Uuid | undefined,
): readonly Impairment[] {
  const found = new Map<string, { impairment: Impairment; count: number }>()
  for (const failure of failures) {
    const impairment = describe(failure, portOf)
    const former = found.get(impairment.subject)
    if (former === undefined) found.set(impairment.subject, { impairment, count: 1 })
    else former.count += 1
  }
  return [...found.values()].map(({ impairment, count }) =>
    count === 1 ? impairment : { ...impairment, reason: `${impairment.reason} (and ${count - 1} more)` },
  )
}

function describe(
  { step, index, code, message }: StepFailure,
  portOf: (netdev: string) => Uuid | undefined,
): Impairment {
  const full = code === 'table_full'
  switch (step.kind) {
    case 'putPorts':
    case 'putBindings': {
      const netdev = step.entries[index]?.netdev ?? ''
      const port = portOf(netdev)
      const fault: Fault =
        port === undefined ? onSwitch('unspecified_fault') : { on: 'port', port, key: 'unspecified_fault' }
      return { subject: `device ${netdev}`, reason: message, fault }
    }
    case 'putRemoteMacs':
      return {
        subject: 'remote MACs',
        reason: message,
        fault: onSwitch(full ? 'mac_table_exhaustion' : 'unspecified_fault'),
      }
    case 'putTunnels':
      return { subject: 'tunnels', reason: message, fault: onSwitch(full ? 'tunnel_exhaustion' : 'unspecified_fault') }
    case 'putBfd':
      return { subject: 'BFD sessions', reason: message, fault: onSwitch('unspecified_fault') }
    case 'putSwitches':
      return { subject: 'logical switches', reason: message, fault: onSwitch('unspecified_fault') }
    case 'putFloods':
      return { subject: 'flood lists', reason: message, fault: onSwitch('unspecified_fault') }
    case 'removePorts':
    case 'removeSwitches':
    case 'removeTunnels':
    case 'removeBfd':
    case 'removeBindings':
    case 'removeRemoteMacs':
      return { subject: `leftovers (${step.kind})`, reason: message, fault: onSwitch('unspecified_fault') }
  }
}

function onSwitch(key: SwitchFault): Fault {
  return { on: 'switch', key }
}
