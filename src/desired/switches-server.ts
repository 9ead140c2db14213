import type { Uuid } from '../ovsdb/notation.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { Locator } from '../schema/locator.js'
import type { LogicalSwitchRow } from '../schema/rows.generated.js'
import type { Forwarding, GroupKey } from './forwarding.js'
import { keepEqual } from './memo-last.js'
import { NO_NEIGHBOURS, servedNeighbours, type Neighbours } from './neighbours.js'
import type { Gateway } from './own-switch.js'
import { createPerSwitch } from './per-switch.js'
import type { Present } from './present.js'
import type { Refusal } from './refusal.js'
import type { RemoteMacs } from './remote-macs.js'
import { createSwitchServer } from './switch-server.js'
import type { SwitchReadings } from './switches-reader.js'
import type { TunnelKeys } from './tunnel-keys.js'

/** Where the frames of the logical switches that carry traffic here go. */
export interface ServedSwitches extends Pick<Forwarding, 'remoteMacs' | 'neighbours' | 'floods' | 'groups'> {
  /** Each end point that frames go to or come from, repeats included; objects that are the same hold the same. */
  readonly reached: readonly (readonly Iterable<Locator>[])[]
  readonly floodedToMacs: ReadonlySet<Uuid>
  readonly refusals: readonly Refusal[]
}

/** Makes the function that says so; what did not change since its last call is the same objects in the answer. */
export function createSwitchesServer({
  floodsToRemoteMacs,
}: Pick<Gateway, 'floodsToRemoteMacs'>): (
  rows: ReadonlyMap<Uuid, LogicalSwitchRow>,
  readings: SwitchReadings,
  keys: Pick<TunnelKeys, 'switches' | 'lost'>,
  tunnelIp: IpAddress | undefined,
  present: Present,
) => ServedSwitches {
  const servers = createPerSwitch(() => createSwitchServer(floodsToRemoteMacs))
  const keepFloods = keepEqual<Uuid, readonly Locator[]>()
  const keepGroups = keepEqual<GroupKey, readonly Locator[]>()

  return (rows, { bySwitch, answered }, { switches, lost }, tunnelIp, present) => {
    const remoteMacs = new Map<Uuid, RemoteMacs['macs']>()
    const neighbours = new Map<Uuid, Neighbours>()
    const floods = new Map<Uuid, readonly Locator[]>()
    const groups = new Map<GroupKey, readonly Locator[]>()
    const reached: (readonly Iterable<Locator>[])[] = []
    const floodedToMacs = new Set<Uuid>()
    const refusals: (readonly Refusal[])[] = []
    servers.keepOnly(switches)
    for (const [id, vni] of switches) {
      const [row, reading] = [rows.get(id), bySwitch.get(id)]
      if (row === undefined || reading === undefined) continue
      const served = servers.of(id)({
        row,
        reading,
        vni,
        lost: lost.get(id),
        tunnelIp,
        presentFlood: present.floods.get(id),
        presentGroups: present.groups,
        unreachable: present.unreachable,
        healthy: present.healthy,
      })
      remoteMacs.set(id, served.macs)
      neighbours.set(id, servedNeighbours(answered.get(id) ?? NO_NEIGHBOURS, served.macs, lost.get(id)))
      floods.set(id, served.flood)
      for (const [key, list] of served.groups) groups.set(key, list)
      reached.push(served.ends)
      if (served.isFloodedToMacs) floodedToMacs.add(id)
      refusals.push(served.refusals)
    }
    return {
      remoteMacs,
      neighbours,
      floods: keepFloods(floods),
      groups: keepGroups(groups),
      reached,
      floodedToMacs,
      refusals: refusals.flat(),
    }
  }
}
