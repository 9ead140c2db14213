import { awaitMode } from '../lab/carriers.js'
import type { DatapathMode } from '../lab/gateway.js'
import type { Scene } from '../lab/scene.js'

/** What stands in the gateway's place, between the server's cable and the underlay. */
export interface Place {
  readonly name: string
  /** Frames come out as they went in. */
  readonly isTransparent: boolean
  /** Puts it there; the answer takes it away again. */
  readonly take: () => Promise<() => Promise<void>>
}

/** This gateway in one mode: started, and detached again. */
export function gatewayPlace(scene: Scene, mode: Exclude<DatapathMode, 'auto'>): Place {
  const { gateway } = scene
  return {
    name: `this gateway, ${mode === 'xdp' ? 'XDP' : 'tc'}`,
    isTransparent: false,
    take: async () => {
      const vtepd = await gateway.start(mode)
      await awaitMode(gateway, mode)
      return async () => {
        await vtepd.stop()
        await gateway.vtep('datapath', 'detach')
      }
    },
  }
}

/** The name of the kernel's place. */
export const KERNEL_PLACE = 'kernel bridge + vxlan'

/** The kernel's bridge and vxlan device, told statically what the controller tells the gateway; UDP checksums are zero in both. */
export function kernelPlace(scene: Scene, vni: number, remoteMacs: ReadonlyMap<string, string>): Place {
  const { gateway, underlay, places } = scene
  const mtu = underlay.mtu - 50
  const { namespace } = gateway
  return {
    name: KERNEL_PLACE,
    isTransparent: false,
    take: async () => {
      await namespace.ip(
        `link add fabric mtu ${mtu} type bridge mcast_snooping 0`,
        `link add vx type vxlan id ${vni} dstport 4789 local ${gateway.tunnelIp} nolearning noudpcsum`,
        `link set vx mtu ${mtu} master fabric up`,
        ...places.map(({ port }) => `link set ${port} master fabric up`),
        'link set fabric up',
      )
      for (const vtep of new Set(remoteMacs.values()))
        await namespace.bridge(`fdb append 00:00:00:00:00:00 dev vx dst ${vtep}`)
      for (const [mac, vtep] of remoteMacs)
        await namespace.bridge(`fdb replace ${mac} dev vx dst ${vtep} self`, `fdb replace ${mac} dev vx master static`)
      return () => namespace.ip('link del vx', 'link del fabric')
    },
  }
}
