import type { Snapshot } from '../datapath/datapath.js'
import { aclKey, bindingKey, type Forwarding } from '../desired/forwarding.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { Locator } from '../schema/locator.js'
import type { Mac } from '../schema/mac.js'
import type { StationAddress } from '../schema/station-address.js'

/** What the kernel has, read back: a daemon that starts changes only what differs. */
export function appliedFromSnapshot(snapshot: Snapshot): Forwarding {
  const remoteMacs = new Map<Uuid, Map<Mac, Locator>>(snapshot.switches.map(({ id }) => [id, new Map()]))
  for (const { switchId, mac, locator } of snapshot.remoteMacs) {
    const macs = remoteMacs.get(switchId)
    if (macs === undefined) remoteMacs.set(switchId, new Map([[mac, locator]]))
    else macs.set(mac, locator)
  }
  const neighbours = new Map<Uuid, Map<StationAddress, Mac>>(snapshot.switches.map(({ id }) => [id, new Map()]))
  for (const { switchId, address, mac } of snapshot.neighbours) neighbours.get(switchId)?.set(address, mac)
  return {
    ports: new Set(snapshot.ports.map(({ netdev }) => netdev)),
    switches: new Map(snapshot.switches.map(({ id, vni }) => [id, vni])),
    bindings: new Map(snapshot.bindings.map((binding) => [bindingKey(binding.netdev, binding.vlan), binding])),
    tunnels: new Map(snapshot.tunnels.map(({ remoteIp, localIp }) => [remoteIp, localIp])),
    bfd: new Map(snapshot.bfd.map(({ remoteIp, ...config }) => [remoteIp, config])),
    remoteMacs,
    neighbours,
    acls: new Map(snapshot.acls.map((acl) => [aclKey(acl.netdev, acl.vlan, acl.direction), acl])),
    floods: new Map(snapshot.floods.map(({ switchId, locators }) => [switchId, [...new Set(locators)].sort()])),
  }
}
