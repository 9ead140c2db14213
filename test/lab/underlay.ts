import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import { actAsPhysical, plug } from './wire.js'

export interface UnderlayOptions {
  /** Default 1500. */
  readonly mtu?: number
  /** Every attached box in a subnet of its own behind a router, instead of one switched subnet; default false. */
  readonly routed?: boolean
  /** See actAsPhysical; default false. */
  readonly physical?: boolean
}

/** The IP fabric: a namespace with a bridge or a router. */
export interface Underlay {
  readonly namespace: Namespace
  readonly mtu: number
  readonly physical: boolean
  /** Gives a namespace a device `under` with an address on the fabric. */
  readonly attach: (namespace: Namespace) => Promise<Attachment>
}

/** A box's place on the fabric. */
export interface Attachment {
  readonly address: string
  readonly device: 'under'
  /** The fabric's end of the cable, inside the underlay's namespace. */
  readonly farDevice: string
  readonly pull: () => Promise<void>
  readonly replug: () => Promise<void>
}

export async function makeUnderlay(lab: Lab, options: UnderlayOptions = {}): Promise<Underlay> {
  const { mtu = 1500, routed = false, physical = false } = options
  const namespace = await lab.namespace('underlay')
  if (routed) await namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
  else await namespace.ip(`link add fabric mtu ${mtu} type bridge`, 'link set fabric up')
  let attached = 0
  return {
    namespace,
    mtu,
    physical,
    attach: async (box) => {
      const number = ++attached
      const farDevice = `to-${number}`
      const address = routed ? `10.99.${number}.1` : `10.99.0.${number}`
      await plug({ namespace: box, device: 'under' }, { namespace, device: farDevice }, mtu)
      await box.ip(`addr add ${address}/24 dev under`)
      if (routed) {
        await namespace.ip(`addr add 10.99.${number}.254/24 dev ${farDevice}`)
        await box.ip(`route add default via 10.99.${number}.254`)
      } else {
        await namespace.ip(`link set ${farDevice} master fabric`)
      }
      if (physical) {
        await actAsPhysical(box, 'under')
        await actAsPhysical(namespace, farDevice)
      }
      return {
        address,
        device: 'under',
        farDevice,
        pull: () => namespace.ip(`link set ${farDevice} down`),
        replug: () => namespace.ip(`link set ${farDevice} up`),
      }
    },
  }
}
