import type {
  AclPlace,
  AclSpec,
  BfdSpec,
  BindingSpec,
  Datapath,
  Failure,
  FailureCode,
  FloodSpec,
  GroupSpec,
  NeighbourSpec,
  OriginSpec,
  PortSpec,
  RemoteMacSpec,
  Snapshot,
  SwitchSpec,
  TunnelSpec,
} from '../../src/datapath/datapath.js'
import type { Uuid } from '../../src/ovsdb/notation.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { locatorOf, remoteOf, type Locator } from '../../src/schema/locator.js'
import type { Vni } from '../../src/schema/vni.js'

/**
 * The rules of the kernel's tables on maps: what refers to what, what a removal takes along, and that one VNI has one owner in
 * the end. The property tests hold the plan against it; the data plane itself is tested on the kernel.
 */
export class TableModel implements Datapath {
  refuse: () => boolean = () => false
  readonly #ports = new Set<string>()
  readonly #switches = new Map<Uuid, SwitchSpec>()
  readonly #owners = new Map<number, Uuid>()
  readonly #bindings = new Map<string, BindingSpec>()
  readonly #tunnels = new Map<IpAddress, TunnelSpec>()
  readonly #bfd = new Map<IpAddress, BfdSpec>()
  readonly #macs = new Map<string, RemoteMacSpec>()
  readonly #neighbours = new Map<string, NeighbourSpec>()
  readonly #floods = new Map<Uuid, FloodSpec>()
  readonly #groups = new Map<string, GroupSpec>()
  readonly #origins = new Map<Locator, OriginSpec>()
  readonly #acls = new Map<string, AclSpec>()

  putPorts(ports: readonly PortSpec[]): readonly Failure[] {
    return this.#each(ports, ({ netdev }) => void this.#ports.add(netdev))
  }

  removePorts(netdevs: readonly string[]): readonly Failure[] {
    return this.#each(netdevs, (netdev) => {
      if ([...this.#bindings.values()].some((binding) => binding.netdev === netdev)) return 'invalid'
      if ([...this.#acls.values()].some((acl) => acl.netdev === netdev)) return 'invalid'
      this.#ports.delete(netdev)
      return undefined
    })
  }

  putSwitches(switches: readonly SwitchSpec[]): readonly Failure[] {
    const formerly: SwitchSpec[] = []
    const failures = this.#each(switches, (spec) => {
      const former = this.#switches.get(spec.id)
      if (former !== undefined && former.vni !== spec.vni) formerly.push(former)
      if (spec.vni !== null) this.#owners.set(spec.vni, spec.id)
      this.#switches.set(spec.id, spec)
    })
    for (const former of formerly) this.#disown(former)
    return failures
  }

  removeSwitches(ids: readonly Uuid[]): readonly Failure[] {
    return this.#each(ids, (id) => {
      const former = this.#switches.get(id)
      if (former === undefined) return
      this.#switches.delete(id)
      this.#disown(former)
      this.#floods.delete(id)
      for (const [key, { switchId }] of this.#groups) if (switchId === id) this.#groups.delete(key)
      for (const [key, { switchId }] of this.#origins) if (switchId === id) this.#origins.delete(key)
      for (const [key, { switchId }] of this.#bindings) if (switchId === id) this.#bindings.delete(key)
      for (const [key, { switchId }] of this.#macs) if (switchId === id) this.#macs.delete(key)
      for (const [key, { switchId }] of this.#neighbours) if (switchId === id) this.#neighbours.delete(key)
    })
  }

  putBindings(bindings: readonly BindingSpec[]): readonly Failure[] {
    return this.#each(bindings, (binding) => {
      if (!this.#ports.has(binding.netdev)) return 'no_such_device'
      if (!this.#switches.has(binding.switchId)) return 'no_such_switch'
      this.#bindings.set(`${binding.netdev}/${binding.vlan}`, binding)
      return undefined
    })
  }

  removeBindings(bindings: readonly BindingSpec[]): readonly Failure[] {
    return this.#each(bindings, ({ netdev, vlan }) => void this.#bindings.delete(`${netdev}/${vlan}`))
  }

  putTunnels(tunnels: readonly TunnelSpec[]): readonly Failure[] {
    return this.#each(tunnels, (spec) => void this.#tunnels.set(spec.remoteIp, spec))
  }

  removeTunnels(remoteIps: readonly IpAddress[]): readonly Failure[] {
    return this.#each(remoteIps, (remoteIp) => {
      if ([...this.#macs.values()].some((mac) => remoteOf(mac.locator) === remoteIp)) return 'invalid'
      if ([...this.#floods.values()].some((flood) => flood.locators.some((locator) => remoteOf(locator) === remoteIp)))
        return 'invalid'
      const named = [...[...this.#groups.values()].flatMap(({ locators }) => locators), ...this.#origins.keys()]
      if (named.some((locator) => remoteOf(locator) === remoteIp)) return 'invalid'
      if (this.#bfd.has(remoteIp)) return 'invalid'
      this.#tunnels.delete(remoteIp)
      return undefined
    })
  }

  putBfd(sessions: readonly BfdSpec[]): readonly Failure[] {
    return this.#each(sessions, (spec) => {
      if (!this.#tunnels.has(spec.remoteIp)) return 'no_such_tunnel'
      this.#bfd.set(spec.remoteIp, spec)
      return undefined
    })
  }

  removeBfd(remoteIps: readonly IpAddress[]): readonly Failure[] {
    return this.#each(remoteIps, (remoteIp) => void this.#bfd.delete(remoteIp))
  }

  putRemoteMacs(macs: readonly RemoteMacSpec[]): readonly Failure[] {
    return this.#each(macs, (spec) => {
      if (!this.#switches.has(spec.switchId)) return 'no_such_switch'
      if (!this.#tunnels.has(remoteOf(spec.locator))) return 'no_such_tunnel'
      this.#macs.set(`${spec.switchId} ${spec.mac}`, spec)
      return undefined
    })
  }

  removeRemoteMacs(macs: readonly RemoteMacSpec[]): readonly Failure[] {
    return this.#each(macs, ({ switchId, mac }) => void this.#macs.delete(`${switchId} ${mac}`))
  }

  putNeighbours(neighbours: readonly NeighbourSpec[]): readonly Failure[] {
    return this.#each(neighbours, (spec) => {
      if (!this.#switches.has(spec.switchId)) return 'no_such_switch'
      this.#neighbours.set(`${spec.switchId} ${spec.address}`, spec)
      return undefined
    })
  }

  removeNeighbours(neighbours: readonly NeighbourSpec[]): readonly Failure[] {
    return this.#each(neighbours, ({ switchId, address }) => void this.#neighbours.delete(`${switchId} ${address}`))
  }

  putFloods(floods: readonly FloodSpec[]): readonly Failure[] {
    return this.#each(floods, (spec) => {
      if (!this.#switches.has(spec.switchId)) return 'no_such_switch'
      const locators = spec.locators.filter((locator) => this.#tunnels.has(remoteOf(locator)))
      this.#floods.set(spec.switchId, { ...spec, locators })
      return locators.length < spec.locators.length ? 'no_such_tunnel' : undefined
    })
  }

  putGroups(groups: readonly GroupSpec[]): readonly Failure[] {
    return this.#each(groups, (spec) => {
      if (!this.#switches.has(spec.switchId)) return 'no_such_switch'
      const locators = spec.locators.filter((locator) => this.#tunnels.has(remoteOf(locator)))
      this.#groups.set(`${spec.switchId} ${spec.mac}`, { ...spec, locators })
      return locators.length < spec.locators.length ? 'no_such_tunnel' : undefined
    })
  }

  removeGroups(groups: readonly GroupSpec[]): readonly Failure[] {
    return this.#each(groups, ({ switchId, mac }) => void this.#groups.delete(`${switchId} ${mac}`))
  }

  putOrigins(origins: readonly OriginSpec[]): readonly Failure[] {
    return this.#each(origins, (spec) => {
      if (!this.#switches.has(spec.switchId)) return 'no_such_switch'
      if (!this.#tunnels.has(remoteOf(spec.locator))) return 'no_such_tunnel'
      this.#origins.set(spec.locator, spec)
      return undefined
    })
  }

  removeOrigins(locators: readonly Locator[]): readonly Failure[] {
    return this.#each(locators, (locator) => void this.#origins.delete(locator))
  }

  putAcls(acls: readonly AclSpec[]): readonly Failure[] {
    const put = (acl: AclSpec): void => void this.#acls.set(`${acl.netdev}/${acl.vlan}/${acl.direction}`, acl)
    return acls.flatMap((acl, index) => {
      const code = !this.#ports.has(acl.netdev) ? 'no_such_device' : this.refuse() ? 'table_full' : undefined
      if (code !== 'no_such_device') put(code === undefined ? acl : { ...acl, rules: [{ action: 'deny' }] })
      return code === undefined ? [] : [{ index, code, message: code }]
    })
  }

  removeAcls(places: readonly AclPlace[]): readonly Failure[] {
    return this.#each(places, ({ netdev, vlan, direction }) => void this.#acls.delete(`${netdev}/${vlan}/${direction}`))
  }

  /** VNIs by which frames from the overlay would not find their logical switch. */
  misledVnis(): number[] {
    return [...this.#switches.values()].flatMap(({ id, vni }) =>
      vni !== null && this.#owners.get(vni) !== id ? [vni] : [],
    )
  }

  /** The logical switch of frames from a VTEP in a VNI. */
  switchOf(remoteIp: IpAddress, vni: Vni): Uuid | undefined {
    if (!this.#tunnels.has(remoteIp)) return undefined
    return this.#origins.get(locatorOf(remoteIp, vni))?.switchId ?? this.#owners.get(vni)
  }

  snapshot(): Snapshot {
    return {
      ports: [...this.#ports].map((netdev) => ({ netdev })),
      switches: [...this.#switches.values()],
      bindings: [...this.#bindings.values()],
      tunnels: [...this.#tunnels.values()],
      bfd: [...this.#bfd.values()],
      remoteMacs: [...this.#macs.values()],
      neighbours: [...this.#neighbours.values()],
      floods: [...this.#floods.values()],
      groups: [...this.#groups.values()],
      origins: [...this.#origins.values()],
      localMacs: [],
      acls: [...this.#acls.values()],
    }
  }

  macUses = (): never[] => []
  portStatus = (): never[] => []
  tunnelStatus = (): never[] => []
  bfdStatus = (): never[] => []
  keepCounts = (): void => undefined
  bindingCounters = (): never[] => []
  dropCounters = (): never[] => []
  localAddresses = (): never[] => []
  close = (): void => undefined

  #disown({ id, vni }: SwitchSpec): void {
    if (vni !== null && this.#owners.get(vni) === id) this.#owners.delete(vni)
  }

  #each<E>(entries: readonly E[], change: (entry: E) => unknown): Failure[] {
    return entries.flatMap((entry, index) => {
      const code = this.refuse() ? 'kernel' : change(entry)
      return typeof code === 'string' ? [{ index, code: code as FailureCode, message: code }] : []
    })
  }
}
