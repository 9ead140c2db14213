import type { Config } from '../config/config.js'
import type { BindingCounters } from '../datapath/datapath.js'
import type { Desired } from '../desired/desired.js'
import type { Fault } from '../desired/refusal.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { BindingTotals, Publication } from '../publish/publication.js'
import type { Mac } from '../schema/mac.js'

/** What the database is to say, from all that this gateway knows. */
export function publicationOf(
  config: Config,
  desired: Desired,
  localMacs: ReadonlyMap<Uuid, ReadonlySet<Mac>>,
  bfdStatus: Publication['bfdStatus'],
  faults: readonly Fault[],
  totals: readonly BindingTotals[],
): Publication {
  const switchFaults = new Set<string>()
  const portFaults = new Map<Uuid, Set<string>>()
  const aclFaults = new Map<Uuid, Set<string>>()
  const routerFaults = new Map<Uuid, Set<string>>()
  const aclEntryFaults = new Map<Uuid, Set<string>>()
  const add = (faultsOf: Map<Uuid, Set<string>>, row: Uuid, key: string): void =>
    void faultsOf.set(row, (faultsOf.get(row) ?? new Set()).add(key))
  for (const fault of faults) {
    switch (fault.on) {
      case 'switch':
        switchFaults.add(fault.key)
        break
      case 'port':
        add(portFaults, fault.port, fault.key)
        break
      case 'acl':
        add(aclFaults, fault.acl, fault.key)
        break
      case 'router':
        add(routerFaults, fault.router, fault.key)
        break
      case 'acl entry':
        add(aclEntryFaults, fault.entry, fault.key)
        break
    }
  }
  return {
    switchName: config.switchName,
    description: config.description,
    managementIps: config.managementIps,
    configuredTunnelIp: config.tunnelIp,
    tunnelIp: desired.tunnelIp,
    ports: config.ports.map(({ name }) => name),
    managers: config.managers,
    bound: desired.bound,
    localMacs,
    bfdStatus,
    switchFaults,
    portFaults,
    aclFaults,
    aclEntryFaults,
    routerFaults,
    totals,
  }
}

/** The counters under the ports' published names. */
export function totalsOf(config: Config, counters: readonly BindingCounters[]): readonly BindingTotals[] {
  const names = new Map(config.ports.map(({ name, netdev }) => [netdev, name]))
  return counters.flatMap(({ netdev, ...counter }) => {
    const port = names.get(netdev)
    return port === undefined ? [] : [{ port, ...counter }]
  })
}
