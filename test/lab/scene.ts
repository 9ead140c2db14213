import type { Background } from './background.js'
import type { Box } from './box.js'
import { awaitMode } from './carriers.js'
import type { Controller } from './controller.js'
import { type DatapathMode, type Gateway, makeGateway } from './gateway.js'
import { type Host, makeHost } from './host.js'
import { type Hypervisor, makeHypervisor } from './hypervisor.js'
import { type Lab, openLab } from './lab.js'
import type { Namespace } from './namespace.js'
import { makeUnderlay, type Underlay } from './underlay.js'
import { actAsPhysical, plug } from './wire.js'

/** A bare-metal server on an access port; several on one port stand behind a switch that knows no VLANs. */
export interface ServerPlace {
  readonly port: string
  /** Default: untagged. */
  readonly vlan?: number
  /** Default: the underlay's MTU less 50. */
  readonly mtu?: number
}

/** What stands around the box. */
export interface Surroundings {
  /** The underlay's; default 1500. */
  readonly mtu?: number
  /** See UnderlayOptions; default false. */
  readonly routed?: boolean
  /** Default 1. */
  readonly hypervisors?: number
  /** Default: one untagged server on port1. Servers have the numbers 1, 2, ... */
  readonly servers?: readonly ServerPlace[]
}

export interface SceneOptions extends Surroundings {
  readonly mode: DatapathMode
  /** More words for the command line of vtepd. */
  readonly flags?: readonly string[]
  /** Starts a database server that vtepd uses instead of its own, and returns the endpoint. */
  readonly ovsdb?: (lab: Lab) => Promise<string>
  /** The text of a config file for vtepd; default: no file. */
  readonly config?: string
  /** See GatewayOptions. */
  readonly tunnelIpFromDatabase?: boolean
}

/** A logical switch in the database and on every hypervisor. */
export interface Network {
  readonly name: string
  readonly vni: number
  readonly bind: (port: string, vlan?: number) => Promise<void>
  /** Starts a VM and makes its place known to the database and to the other hypervisors. Numbers count from 101. */
  readonly vm: (hypervisor?: number) => Promise<Host>
}

/** Servers, a box of some kind, underlay and hypervisors; the box serves, nothing is bound yet. */
export interface SceneAround<B extends Box> {
  readonly lab: Lab
  readonly underlay: Underlay
  readonly gateway: B
  readonly controller: Controller
  /** The control plane that was started. */
  readonly daemon: Background
  /** Waits until what the controller wrote so far is in force in the data plane in full. */
  readonly settle: () => Promise<void>
  readonly hypervisors: readonly Hypervisor[]
  readonly servers: readonly Host[]
  /** Where each of the servers is plugged in. */
  readonly places: readonly ServerPlace[]
  readonly network: (name: string, vni: number) => Promise<Network>
}

/** The same around this gateway, whose vtepd runs. */
export interface Scene extends SceneAround<Gateway> {
  readonly mode: DatapathMode
  /** The same as `daemon`. */
  readonly vtepd: Background
}

/** How a box of some kind gets its place: made before its access ports are plugged. */
export interface BoxKind<B extends Box> {
  readonly make: (lab: Lab, underlay: Underlay, ports: readonly string[]) => Promise<B>
  /** See SceneAround. */
  readonly settle: (box: B) => Promise<void>
  /** True where all cables act as physical ones, see actAsPhysical. */
  readonly physical: boolean
}

/** Builds a scene in a lab of its own; in XDP mode all cables act as physical ones. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const lab = await openLab()
  try {
    return await buildScene(lab, options)
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** The same inside a lab that somebody else closes. */
export async function buildScene(lab: Lab, options: SceneOptions): Promise<Scene> {
  const { mode } = options
  const scene = await buildSceneAround(lab, gatewayKind(mode, options), options)
  return { ...scene, mode, vtepd: scene.daemon }
}

/** This gateway in one mode. */
export function gatewayKind(
  mode: DatapathMode,
  options: Pick<SceneOptions, 'flags' | 'config' | 'ovsdb' | 'tunnelIpFromDatabase'> = {},
): BoxKind<Gateway> {
  return {
    physical: mode === 'xdp',
    make: async (lab, underlay, ports) =>
      makeGateway(lab, underlay, {
        mode,
        ports,
        flags: options.flags ?? [],
        tunnelIpFromDatabase: options.tunnelIpFromDatabase ?? false,
        ...(options.config === undefined ? {} : { config: options.config }),
        ...(options.ovsdb === undefined ? {} : { ovsdb: await options.ovsdb(lab) }),
      }),
    settle: (gateway) => awaitMode(gateway, mode),
  }
}

/** Builds a scene around a box of some kind, which is started last. */
export async function buildSceneAround<B extends Box>(
  lab: Lab,
  kind: BoxKind<B>,
  options: Surroundings,
): Promise<SceneAround<B>> {
  const { mtu = 1500, routed = false, servers: places = [{ port: 'port1' }] } = options
  const { physical } = kind
  const underlay = await makeUnderlay(lab, { mtu, routed, physical })
  const ports = [...new Set(places.map((place) => place.port))]
  const gateway = await kind.make(lab, underlay, ports)
  const servers = await makeServers(lab, gateway.namespace, places, mtu, physical)
  const hypervisors: Hypervisor[] = []
  for (let number = 1; number <= (options.hypervisors ?? 1); number++) {
    hypervisors.push(await makeHypervisor(lab, `hypervisor${number}`, underlay))
  }
  const daemon = await gateway.start()
  const { controller } = gateway
  let vms = 0
  return {
    lab,
    underlay,
    gateway,
    controller,
    daemon,
    settle: () => kind.settle(gateway),
    hypervisors,
    servers,
    places,
    network: async (name, vni) => {
      await controller.addSwitch(name, vni)
      await controller.flood(name, ...hypervisors.map((hypervisor) => hypervisor.address))
      for (const hypervisor of hypervisors) {
        const peers = [gateway.tunnelIp, ...hypervisors.map((other) => other.address)]
        await hypervisor.join(
          vni,
          peers.filter((peer) => peer !== hypervisor.address),
        )
        for (const server of servers) await hypervisor.remoteMac(vni, server.mac, gateway.tunnelIp)
      }
      return {
        name,
        vni,
        bind: (port, vlan = 0) => controller.bind(port, vlan, name),
        vm: async (at = 0) => {
          const home = hypervisors[at]
          if (home === undefined) throw new Error(`the scene has no hypervisor ${at}`)
          const number = ++vms
          const vm = await home.vm(`vm${number}`, vni, 100 + number)
          await controller.remoteMac(name, vm.mac, home.address)
          for (const other of hypervisors) if (other !== home) await other.remoteMac(vni, vm.mac, home.address)
          return vm
        },
      }
    },
  }
}

async function makeServers(
  lab: Lab,
  gateway: Namespace,
  places: readonly ServerPlace[],
  underlayMtu: number,
  physical: boolean,
): Promise<Host[]> {
  const servers: Host[] = []
  for (const port of new Set(places.map((place) => place.port))) {
    const here = places.filter((place) => place.port === port)
    const shared = here.length > 1 ? await makeSwitch(lab, gateway, port, underlayMtu, physical) : undefined
    for (const place of here) {
      const number = places.indexOf(place) + 1
      const mtu = place.mtu ?? underlayMtu - 50
      const far =
        shared === undefined ? { namespace: gateway, device: port } : { namespace: shared, device: `to-${number}` }
      const vlan = place.vlan === undefined ? {} : { vlan: place.vlan }
      servers[number - 1] = await makeHost(
        lab,
        `server${number}`,
        { ...far, mtu: underlayMtu },
        { number, mtu, physical, ...vlan },
      )
      if (shared !== undefined) await shared.ip(`link set to-${number} master fabric`)
    }
  }
  return servers
}

async function makeSwitch(
  lab: Lab,
  gateway: Namespace,
  port: string,
  mtu: number,
  physical: boolean,
): Promise<Namespace> {
  const namespace = await lab.namespace(`switch-${port}`)
  await namespace.ip(`link add fabric mtu ${mtu} type bridge mcast_snooping 0`, 'link set fabric up')
  await plug({ namespace, device: 'uplink' }, { namespace: gateway, device: port }, mtu)
  if (physical) await actAsPhysical(namespace, 'uplink')
  await namespace.ip('link set uplink master fabric')
  return namespace
}
