import { aclKey, bindingKey, groupKey, type Acl, type Binding, type Forwarding } from '../../src/desired/forwarding.js'
import type { BfdConfig } from '../../src/schema/bfd-config.js'
import { PersistentMap } from '../../src/persistent/persistent-map.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { locatorOf } from '../../src/schema/locator.js'
import type { Mac } from '../../src/schema/mac.js'
import type { StationAddress } from '../../src/schema/station-address.js'
import type { VlanId } from '../../src/schema/vlan-id.js'
import type { Vni } from '../../src/schema/vni.js'
import { uuid } from '../desired/replica-of.js'

const bfdConfig = (minRxMs: number): BfdConfig => ({
  minRxMs,
  minTxMs: 100,
  decayMinRxMs: 0,
  forwardingIfRx: false,
  cpathDown: false,
  checkTnlKey: false,
  localDstMac: '00:23:20:00:00:01' as Mac,
  localDstIp: '169.254.1.0' as IpAddress,
  remoteDstMac: '00:23:20:00:00:01' as Mac,
  remoteDstIp: '169.254.1.1' as IpAddress,
})

/** A consistent state over few names, so that two of them overlap: VNIs and bindings change owners, lists shrink and grow. */
export function generateForwarding(random: () => number): Forwarding {
  const some = <T>(items: readonly T[]): T[] => items.filter(() => random() < 0.6)
  const one = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!

  const ports = some(['eth1', 'eth2', 'eth3'])
  const vnis = [1, 2, 3, 4].sort(() => random() - 0.5) as Vni[]
  const ids = some([uuid(1), uuid(2), uuid(3), uuid(4)])
  const tunnels = some(['10.0.0.1', '10.0.0.2', '10.0.0.3'] as IpAddress[])
  const own = tunnels.flatMap((ip) => [7001, 7002].map((vni) => locatorOf(ip, vni as Vni)))
  const locators = [...tunnels.map((ip) => locatorOf(ip, undefined)), ...own].sort()
  const localIp = one(['10.0.1.1', '10.0.1.2'] as IpAddress[])
  const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'] as Mac[]
  const addresses = ['10.1.0.1', '10.1.0.2', 'fd00::1'] as StationAddress[]
  const bindings: Binding[] =
    ids.length === 0
      ? []
      : ports.flatMap((netdev) => some([0, 1, 2] as VlanId[]).map((vlan) => ({ netdev, vlan, switchId: one(ids) })))
  const acls: Acl[] = ports.flatMap((netdev) =>
    some([0, 1] as VlanId[]).flatMap((vlan) =>
      some(['ingress', 'egress'] as const).map((direction) => ({
        netdev,
        vlan,
        direction,
        rules: [{ action: one(['permit', 'deny'] as const), protocol: one([6, 17]) }],
      })),
    ),
  )
  return {
    acls: new Map(acls.map((acl) => [aclKey(acl.netdev, acl.vlan, acl.direction), acl])),
    ports: new Set(ports),
    switches: new Map(ids.map((id, index) => [id, random() < 0.2 ? null : vnis[index]!])),
    bindings: new Map(bindings.map((binding) => [bindingKey(binding.netdev, binding.vlan), binding])),
    tunnels: new Map(tunnels.map((remoteIp) => [remoteIp, localIp])),
    bfd: new Map(some(tunnels).map((remoteIp) => [remoteIp, bfdConfig(one([300, 1000]))])),
    remoteMacs: new Map(
      ids.map((id) => [
        id,
        PersistentMap.from(tunnels.length === 0 ? [] : some(macs).map((mac) => [mac, one(locators)] as const)),
      ]),
    ),
    neighbours: new Map(ids.map((id) => [id, new Map(some(addresses).map((address) => [address, one(macs)]))])),
    groups: new Map(
      ids.flatMap((switchId) =>
        some(['01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff'] as Mac[]).map((mac) => [
          groupKey({ switchId, mac }),
          some(locators),
        ]),
      ),
    ),
    origins: new Map(ids.length === 0 ? [] : some(own).map((locator) => [locator, one(ids)])),
    floods: new Map(ids.map((id) => [id, some(locators)])),
    floodedToMacs: new Set(some(ids)),
  }
}
