import { type Host, makeHost } from './host.js'
import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import type { Attachment, Underlay } from './underlay.js'

/** A hypervisor whose VMs sit behind the kernel's own vxlan device. */
export interface Hypervisor {
  readonly namespace: Namespace
  readonly attachment: Attachment
  /** The VTEP's address. */
  readonly address: string
  /** Joins a logical switch; copies of BUM frames go to the peers. */
  readonly join: (vni: number, peers: readonly string[]) => Promise<void>
  /** Starts a VM in a logical switch that was joined. */
  readonly vm: (role: string, vni: number, number: number) => Promise<Host>
  /** Says behind which VTEP a MAC is. */
  readonly remoteMac: (vni: number, mac: string, vtep: string) => Promise<void>
}

export async function makeHypervisor(lab: Lab, role: string, underlay: Underlay): Promise<Hypervisor> {
  const namespace = await lab.namespace(role)
  const attachment = await underlay.attach(namespace)
  const mtu = underlay.mtu - 50
  let vms = 0
  return {
    namespace,
    attachment,
    address: attachment.address,
    join: async (vni, peers) => {
      // RFC 7348 section 5 wants a UDP checksum of zero; the kernel's own default is to make one, and XDP leaves that to tc
      const checksum = underlay.physical ? 'noudpcsum' : 'udpcsum'
      await namespace.ip(
        `link add net${vni} type bridge mcast_snooping 0`,
        `link add vx${vni} type vxlan id ${vni} dstport 4789 local ${attachment.address} nolearning ${checksum}`,
        `link set vx${vni} mtu ${mtu} master net${vni} up`,
        `link set net${vni} mtu ${mtu} up`,
      )
      if (underlay.physical) await namespace.run(['ethtool', '-K', `vx${vni}`, 'tx', 'off'])
      await namespace.bridge(...peers.map((peer) => `fdb append 00:00:00:00:00:00 dev vx${vni} dst ${peer}`))
    },
    vm: async (vmRole, vni, number) => {
      const device = `vm${++vms}`
      const vm = await makeHost(lab, vmRole, { namespace, device, mtu }, { number, mtu, physical: underlay.physical })
      await namespace.ip(`link set ${device} master net${vni}`)
      return vm
    },
    remoteMac: async (vni, mac, vtep) => {
      await namespace.bridge(
        `fdb replace ${mac} dev vx${vni} dst ${vtep} self`,
        `fdb replace ${mac} dev vx${vni} master static`,
      )
    },
  }
}
