import { awaitMode } from '../lab/carriers.js'
import { type Gateway, makeGateway } from '../lab/gateway.js'
import { type Host, makeHost, reach } from '../lab/host.js'
import type { Scene } from '../lab/scene.js'
import { nth } from './stage.js'

/** A second gateway on the scene's underlay, with a server of its own in the same logical switch. */
export interface Peer {
  readonly gateway: Gateway
  readonly server: Host
}

/** Makes gateways, joins them and the scene's own to logical switch blue (VNI 5001), and waits until the servers reach each other. */
export async function joinPeers(scene: Scene, names: readonly string[]): Promise<Peer[]> {
  const { lab, underlay, mode, controller } = scene
  const blue = await scene.network('blue', 5001)
  await blue.bind('port1')
  const own = nth(scene.servers, 0)
  const peers: Peer[] = []
  for (const [index, name] of names.entries()) {
    const gateway = await makeGateway(lab, underlay, { mode, name, ports: ['port1'] })
    const far = { namespace: gateway.namespace, device: 'port1', mtu: underlay.mtu }
    const place = { number: 11 + index, mtu: underlay.mtu - 50, physical: underlay.physical }
    const server = await makeHost(lab, `server-${name}`, far, place)
    await gateway.start()
    await gateway.controller.addSwitch('blue', 5001)
    await gateway.controller.bind('port1', 0, 'blue')
    await gateway.controller.flood('blue', scene.gateway.tunnelIp)
    await gateway.controller.remoteMac('blue', own.mac, scene.gateway.tunnelIp)
    await controller.flood('blue', gateway.tunnelIp)
    await controller.remoteMac('blue', server.mac, gateway.tunnelIp)
    await reach(own, server.address)
    await awaitMode(gateway, mode)
    peers.push({ gateway, server })
  }
  await awaitMode(scene.gateway, mode)
  return peers
}
