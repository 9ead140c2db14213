import { awaitMode } from '../lab/carriers.js'
import { type Gateway, makeGateway } from '../lab/gateway.js'
import { type Host, makeHost, reach } from '../lab/host.js'
import type { Scene } from '../lab/scene.js'
import { until } from '../lab/until.js'
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

/** One end of a tunnel, as a controller sees it. */
export interface TunnelEnd {
  readonly uuid: string
  readonly set: (...assignments: readonly string[]) => Promise<void>
  readonly column: (name: string) => Promise<Readonly<Record<string, string>>>
  /** Waits until bfd_status has these values among its keys. */
  readonly untilStatus: (wanted: Readonly<Record<string, string>>) => Promise<void>
}

/** The Tunnel row of a gateway for one remote VTEP; it is waited for. */
export async function tunnelEnd({ controller, name: gateway }: Gateway, remote: string): Promise<TunnelEnd> {
  const find = (table: string, condition: string) =>
    controller.ctl('--bare', '--columns=_uuid', 'find', table, condition)
  const uuid = await until(`the tunnel of ${gateway} to ${remote}`, async () => {
    const locator = await find('Physical_Locator', `dst_ip="${remote}"`)
    return locator !== '' && (await find('Tunnel', `remote=${locator}`))
  })
  const column = async (name: string) => {
    const text = await controller.ctl('--format=json', `--columns=${name}`, 'list', 'Tunnel', uuid)
    const { data } = JSON.parse(text) as { data: [[['map', [string, string][]]]] }
    return Object.fromEntries(data[0][0][1])
  }
  return {
    uuid,
    column,
    set: async (...assignments) => {
      await controller.ctl('set', 'Tunnel', uuid, ...assignments)
    },
    untilStatus: async (wanted) => {
      await until(`bfd_status of ${gateway} towards ${remote} to be ${JSON.stringify(wanted)}`, async () => {
        const status = await column('bfd_status')
        return Object.entries(wanted).every(([key, value]) => status[key] === value)
      })
    },
  }
}

export const fastBfd = ['bfd_params:enable=true', 'bfd_params:min_rx=300', 'bfd_params:min_tx=300'] as const
