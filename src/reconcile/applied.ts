import type { Snapshot } from '../datapath/datapath.js'
import { aclKey, bindingKey, groupKey, type Forwarding } from '../desired/forwarding.js'
import type { Uuid } from '../ovsdb/notation.js'
import { PersistentMap } from '../persistent/persistent-map.js'
import type { Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { StationAddress } from '../schema/station-address.js'

const NO_MACS = PersistentMap.from<Mac, Locator>([])

/** What the kernel has, read back: a daemon that starts changes only what differs. */
export function appliedFromSnapshot(snapshot: Snapshot): Forwarding {
  const remoteMacs = new Map(snapshot.switches.map(({ id }) => [id, NO_MACS.edit()]))
  for (const { switchId, mac, locator } of snapshot.remoteMacs) {
    const macs = remoteMacs.get(switchId) ?? NO_MACS.edit()
    macs.set(mac, locator)
    remoteMacs.set(switchId, macs)
  }
  const neighbours = new Map<Uuid, Map<StationAddress, Mac>>(snapshot.switches.map(({ id }) => [id, new Map()]))
  for (const { switchId, address, mac } of snapshot.neighbours) neighbours.get(switchId)?.set(address, mac)
  return {
    ports: new Set(snapshot.ports.map(({ netdev }) => netdev)),
    switches: new Map(snapshot.switches.map(({ id, vni }) => [id, vni])),
    bindings: new Map(snapshot.bindings.map((binding) => [bindingKey(binding.netdev, binding.vlan), binding])),
    tunnels: new Map(snapshot.tunnels.map(({ remoteIp, localIp }) => [remoteIp, localIp])),
    bfd: new Map(snapshot.bfd.map(({ remoteIp, ...config }) => [remoteIp, config])),
    remoteMacs: new Map([...remoteMacs].map(([id, macs]) => [id, macs.finish()])),
    neighbours,
    acls: new Map(snapshot.acls.map((acl) => [aclKey(acl.netdev, acl.vlan, acl.direction), acl])),
    floods: new Map(snapshot.floods.map(({ switchId, locators }) => [switchId, [...new Set(locators)].sort()])),
    floodedToMacs: new Set(snapshot.floods.filter(({ isOfMacs }) => isOfMacs).map(({ switchId }) => switchId)),
    groups: new Map(snapshot.groups.map((group) => [groupKey(group), [...new Set(group.locators)].sort()])),
    origins: new Map(snapshot.origins.map(({ locator, switchId }) => [locator, switchId])),
  }
}
