import type { BfdStatus } from '../datapath/datapath.js'
import type { StepFailure } from '../reconcile/apply.js'
import type { IpAddress } from '../schema/ip-address.js'

/**
 * Tunnel.bfd_status by remote VTEP, for the sessions that should be; the others have none. A session that the data plane did not
 * take says so, for the controller to switch the other end off.
 */
export function bfdStatusColumns(
  desired: Iterable<IpAddress>,
  statuses: ReadonlyMap<IpAddress, BfdStatus>,
  failures: readonly StepFailure[],
): ReadonlyMap<IpAddress, ReadonlyMap<string, string>> {
  const columns = new Map<IpAddress, ReadonlyMap<string, string>>()
  for (const ip of desired) {
    const status = statuses.get(ip)
    const refusal = status === undefined ? refusalOf(ip, failures) : undefined
    if (status !== undefined) columns.set(ip, columnOf(status))
    else if (refusal !== undefined) columns.set(ip, columnOfRefused(refusal))
  }
  return columns
}

function columnOf(status: BfdStatus): ReadonlyMap<string, string> {
  const column = new Map([
    ['enabled', String(status.enabled)],
    ['state', status.state],
    ['forwarding', String(status.forwarding)],
    ['diagnostic', status.diagnostic],
    ['remote_state', status.remoteState],
    ['remote_diagnostic', status.remoteDiagnostic],
  ])
  if (status.info !== undefined) column.set('info', status.info)
  return column
}

function columnOfRefused(reason: string): ReadonlyMap<string, string> {
  return new Map([
    ['enabled', 'false'],
    ['info', reason],
  ])
}

function refusalOf(ip: IpAddress, failures: readonly StepFailure[]): string | undefined {
  return failures.find(({ step, index }) => step.kind === 'putBfd' && step.entries[index]?.remoteIp === ip)?.message
}
