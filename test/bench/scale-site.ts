import { actAsPhysical, plug } from '../lab/wire.js'
import { type Gateway, makeGateway } from '../lab/gateway.js'
import { type Injector, openInjector } from '../lab/injector.js'
import type { Lab } from '../lab/lab.js'
import { makeUnderlay } from '../lab/underlay.js'
import { type Arrivals, listenForFrames } from './arrivals.js'

/** A gateway with four access ports, of which the first has a server, and VTEPs that tell what arrives at them. */
export interface ScaleSite {
  readonly gateway: Gateway
  /** Sends as the server on the first port, on any VLAN. */
  readonly server: Injector
  /** Stands for many VTEPs: frames to any of `addresses` arrive there. */
  readonly many: Arrivals
  readonly addresses: readonly string[]
  readonly single: Arrivals
  readonly singleAddress: string
  /** A VTEP that only floods go to: what arrives elsewhere was not flooded. */
  readonly floodAddress: string
}

export const ports = ['port1', 'port2', 'port3', 'port4'] as const
export const serverMac = '02:00:00:00:00:01'
const vteps = 64

export async function makeScaleSite(lab: Lab, mode: 'tc' | 'xdp'): Promise<ScaleSite> {
  const physical = mode === 'xdp'
  const underlay = await makeUnderlay(lab, { physical })
  const gateway = await makeGateway(lab, underlay, { mode, ports, logLevel: 'info' })
  const rack = await lab.namespace('rack')
  for (const port of ports) {
    await plug({ namespace: rack, device: `to-${port}` }, { namespace: gateway.namespace, device: port }, 1500)
    if (physical) await actAsPhysical(rack, `to-${port}`)
  }
  const attach = async (role: string) => {
    const namespace = await lab.namespace(role)
    return { namespace, ...(await underlay.attach(namespace)) }
  }
  const [many, single, flooded] = [await attach('many'), await attach('single'), await attach('flooded')]
  const addresses = Array.from({ length: vteps }, (_, index) => `10.99.0.${100 + index}`)
  await many.namespace.ip(...addresses.map((address) => `addr add ${address}/24 dev under`))
  return {
    gateway,
    server: await openInjector(rack, 'to-port1'),
    many: await listenForFrames(many.namespace),
    addresses,
    single: await listenForFrames(single.namespace),
    singleAddress: single.address,
    floodAddress: flooded.address,
  }
}
