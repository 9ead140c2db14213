import type { Fault, SwitchFault } from '../desired/refusal.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { StepFailure } from '../reconcile/apply.js'

/** Something that the kernel did not take, for people and for the fault columns. */
export interface Impairment {
  readonly subject: string
  readonly reason: string
  readonly fault: Fault
}

/** The rows that the fault columns are in. */
export interface FaultRows {
  /** The Physical_Port row of a device, when it has one yet. */
  readonly portOf: (netdev: string) => Uuid | undefined
  /** The ACL that Physical_Port.acl_bindings names for a VLAN of a device. */
  readonly aclOf: (netdev: string, vlan: number) => Uuid | undefined
}

/**
 * What failed, said once per port and once per kind of entry for each fault that it is: a table that is full fails for each of 100,000
 * entries, and another failure among them takes nothing from that.
 */
export function impairmentsOf(failures: readonly StepFailure[], rows: FaultRows): readonly Impairment[] {
  const found = new Map<string, { impairment: Impairment; count: number }>()
  for (const impairment of failures.flatMap((failure) => [describe(failure, rows), ...describeAcl(failure, rows)])) {
    const sameness = JSON.stringify([impairment.subject, impairment.fault])
    const former = found.get(sameness)
    if (former === undefined) found.set(sameness, { impairment, count: 1 })
    // The ports, bindings and ACLs of one device that is missing are one cause.
    else if (!isOfDevice(impairment) || former.impairment.reason !== impairment.reason) former.count += 1
  }
  return [...found.values()].map(({ impairment, count }) =>
    count === 1 ? impairment : { ...impairment, reason: `${impairment.reason} (and ${count - 1} more)` },
  )
}

function isOfDevice({ fault, subject }: Impairment): boolean {
  return fault.on === 'port' || subject.startsWith('device ')
}

/** An ACL that does not fit is a fault of the ACL beside that of its port. */
function describeAcl({ step, index, code, message }: StepFailure, { aclOf }: FaultRows): readonly Impairment[] {
  if (step.kind !== 'putAcls' || code !== 'table_full') return []
  const { netdev = '', vlan = 0 } = step.entries[index] ?? {}
  const acl = aclOf(netdev, vlan)
  if (acl === undefined) return []
  return [{ subject: `ACL ${acl}`, reason: message, fault: { on: 'acl', acl, key: 'resource_shortage' } }]
}

function describe({ step, index, code, message }: StepFailure, { portOf }: FaultRows): Impairment {
  const full = code === 'table_full'
  switch (step.kind) {
    case 'putPorts':
    case 'putBindings':
    case 'putAcls': {
      const netdev = step.entries[index]?.netdev ?? ''
      const port = portOf(netdev)
      const isAcl = step.kind === 'putAcls'
      const key = isAcl ? 'invalid_ACL_binding' : 'unspecified_fault'
      const fault: Fault = port === undefined ? onSwitch('unspecified_fault') : { on: 'port', port, key }
      return { subject: isAcl ? `ACLs of device ${netdev}` : `device ${netdev}`, reason: message, fault }
    }
    case 'putRemoteMacs':
      return {
        subject: 'remote MACs',
        reason: message,
        fault: onSwitch(full ? 'mac_table_exhaustion' : 'unspecified_fault'),
      }
    case 'putNeighbours':
      return { subject: 'addresses of remote MACs', reason: message, fault: onSwitch('unspecified_fault') }
    case 'putTunnels':
      return { subject: 'tunnels', reason: message, fault: onSwitch(full ? 'tunnel_exhaustion' : 'unspecified_fault') }
    case 'putBfd':
      return { subject: 'BFD sessions', reason: message, fault: onSwitch('unspecified_fault') }
    case 'putSwitches':
      return { subject: 'logical switches', reason: message, fault: onSwitch('unspecified_fault') }
    case 'putOrigins':
      return { subject: 'tunnel keys of locators', reason: message, fault: onSwitch('unspecified_fault') }
    case 'putGroups':
    case 'putFloods':
      return { subject: 'flood lists', reason: message, fault: onSwitch('unspecified_fault') }
    case 'removePorts':
    case 'removeSwitches':
    case 'removeTunnels':
    case 'removeBfd':
    case 'removeBindings':
    case 'removeRemoteMacs':
    case 'removeNeighbours':
    case 'removeAcls':
    case 'removeGroups':
    case 'removeOrigins':
      return { subject: `leftovers (${step.kind})`, reason: message, fault: onSwitch('unspecified_fault') }
  }
}

function onSwitch(key: SwitchFault): Fault {
  return { on: 'switch', key }
}
