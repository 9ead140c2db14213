import type * as Native from '#native'
import type { MacLimits } from '../schema/mac-limits.js'
import { DatapathError, toDatapathError } from './datapath-error.js'
import type {
  BfdSpec,
  BfdStatus,
  BindingCounters,
  Datapath,
  DatapathEvent,
  DropCounter,
  Failure,
  GroupSpec,
  LocalAddress,
  MacUse,
  PathMode,
  PortStatus,
  Snapshot,
  TunnelStatus,
} from './datapath.js'

export interface DatapathOptions {
  /** Physical_Switch.name; marks what the gateway puts into the kernel. */
  readonly switchName: string
  readonly mode: 'auto' | PathMode
  /** How long a local MAC lives without being seen. */
  readonly ageingMs: number
  readonly macLimits: MacLimits
}

/**
 * Loads the programs into the kernel, or adopts those that are there.
 *
 * @param onEvents gets batches, never before this resolves.
 * @throws DatapathError
 */
export async function openDatapath(
  options: DatapathOptions,
  onEvents: (events: readonly DatapathEvent[]) => void,
): Promise<Datapath> {
  const native = await loadNative()
  return wrap(
    native,
    attempt(() => native.Datapath.open({ ...options }, (events) => onEvents(events.map(toEvent)))),
  )
}

/**
 * Removes everything that the gateway of this name put into the kernel, or without a name, whatever gateway is in this network
 * namespace. Answers whether there was anything.
 *
 * @throws DatapathError
 */
export async function detachDatapath(switchName?: string): Promise<boolean> {
  const native = await loadNative()
  return attempt(() => native.detach(switchName))
}

/** Whose gateway is in this network namespace, run by a daemon or not. @throws DatapathError */
export async function gatewayHere(): Promise<string | undefined> {
  const native = await loadNative()
  return attempt(() => native.gatewayHere()) ?? undefined
}

async function loadNative(): Promise<typeof Native> {
  try {
    return await import('#native')
  } catch (cause) {
    throw new DatapathError('not_built', `the native module cannot be loaded: ${String(cause)}`, { cause })
  }
}

/** The kernel gives back what was put, in the canonical text of the domain values: this is where it gets their types back. */
function wrap({ localAddresses }: typeof Native, native: Native.Datapath): Datapath {
  return {
    snapshot: () =>
      attempt(() => {
        const { switches, ...tables } = native.snapshot()
        return branded<Snapshot>({
          ...tables,
          switches: switches.map(({ id, vni }) => ({ id, vni: vni ?? null })),
          bfd: native.bfdSpecs().map(fromNativeBfd),
        })
      }),
    putPorts: (ports) => set(() => native.putPorts([...ports])),
    removePorts: (netdevs) => set(() => native.removePorts([...netdevs])),
    putSwitches: (switches) =>
      set(() => native.putSwitches(switches.map(({ id, vni }) => (vni === null ? { id } : { id, vni })))),
    removeSwitches: (ids) => set(() => native.removeSwitches([...ids])),
    putBindings: (bindings) => set(() => native.putBindings([...bindings])),
    removeBindings: (bindings) => set(() => native.removeBindings([...bindings])),
    keepCounts: (bound) => attempt(() => native.keepCounts([...bound])),
    putTunnels: (tunnels) => set(() => native.putTunnels([...tunnels])),
    removeTunnels: (remoteIps) => set(() => native.removeTunnels([...remoteIps])),
    putBfd: (sessions) => set(() => native.putBfd(sessions.map(toNativeBfd))),
    removeBfd: (remoteIps) => set(() => native.removeBfd([...remoteIps])),
    putRemoteMacs: (macs) => set(() => native.putRemoteMacs([...macs])),
    removeRemoteMacs: (macs) => set(() => native.removeRemoteMacs([...macs])),
    putNeighbours: (neighbours) => set(() => native.putNeighbours([...neighbours])),
    removeNeighbours: (neighbours) => set(() => native.removeNeighbours([...neighbours])),
    putFloods: (floods) =>
      set(() => native.putFloods(floods.map((flood) => ({ ...flood, locators: [...flood.locators] })))),
    putGroups: (groups) => set(() => native.putGroups(groups.map(toNativeGroup))),
    removeGroups: (groups) => set(() => native.removeGroups(groups.map(toNativeGroup))),
    putOrigins: (origins) => set(() => native.putOrigins([...origins])),
    removeOrigins: (locators) => set(() => native.removeOrigins([...locators])),
    putAcls: (acls) => set(() => native.putAcls(acls.map((acl) => ({ ...acl, rules: [...acl.rules] })))),
    removeAcls: (places) => set(() => native.removeAcls([...places])),
    macUses: () => attempt(() => native.macUses().map(macUse)),
    portStatus: () =>
      attempt(() => native.portStatus().map((status): PortStatus => ({ controller: undefined, ...status }))),
    tunnelStatus: () =>
      attempt(() =>
        native.tunnelStatus().map((status) =>
          branded<TunnelStatus>({
            obstacle: undefined,
            netdev: undefined,
            nextHopMac: undefined,
            mtu: undefined,
            ...status,
          }),
        ),
      ),
    bfdStatus: () => attempt(() => branded<BfdStatus[]>(native.bfdStatus())),
    bindingCounters: () => attempt(() => branded<BindingCounters[]>(native.bindingCounters())),
    dropCounters: () => attempt(() => native.dropCounters().map(dropCounter)),
    localAddresses: () => attempt((): LocalAddress[] => localAddresses()),
    close: () => native.close(),
  }
}

/** A value whose texts and numbers have lost their brands on the way through the native module. */
type Bare<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends bigint | boolean | undefined | null
      ? T
      : T extends readonly (infer E)[]
        ? readonly Bare<E>[]
        : { readonly [K in keyof T]: Bare<T[K]> }

function branded<T>(value: Bare<T>): T {
  return value as T
}

function toNativeGroup(group: GroupSpec): Native.GroupSpec {
  return { ...group, locators: [...group.locators] }
}

function toNativeBfd({ minRxMs, minTxMs, decayMinRxMs, ...spec }: BfdSpec): Native.BfdSpec {
  return { ...spec, minRx: minRxMs, minTx: minTxMs, decayMinRx: decayMinRxMs }
}

/** All is there in what the native module tells; what is not would be put anew by the first pass. */
function fromNativeBfd(spec: Native.BfdSpec): Bare<BfdSpec> {
  return {
    remoteIp: spec.remoteIp,
    minRxMs: spec.minRx ?? 0,
    minTxMs: spec.minTx ?? 0,
    decayMinRxMs: spec.decayMinRx ?? 0,
    forwardingIfRx: spec.forwardingIfRx ?? false,
    cpathDown: spec.cpathDown ?? false,
    checkTnlKey: spec.checkTnlKey ?? false,
    localDstMac: spec.localDstMac ?? '',
    localDstIp: spec.localDstIp ?? '',
    remoteDstMac: spec.remoteDstMac ?? '',
    remoteDstIp: spec.remoteDstIp ?? '',
  }
}

function toEvent(event: Native.DatapathEvent): DatapathEvent {
  const { kind, reason = '', bfd } = event
  switch (kind) {
    case 'bfd':
      return bfd === undefined
        ? { kind: 'failed', reason: 'a BFD event without a status' }
        : { kind, status: branded<BfdStatus>(bfd) }
    case 'links':
    case 'macRoom':
      return { kind }
    case 'repaired':
    case 'failed':
      return { kind, reason }
    case 'learned':
    case 'moved':
    case 'refused':
    case 'forgotten': {
      const { switchId = '', mac = '', netdev = '', vlan = 0 } = event
      return branded<DatapathEvent>({ kind, switchId, mac, netdev, vlan, reason })
    }
  }
}

function macUse({ netdev, switchId, exhausted, ...use }: Native.MacUse): MacUse {
  const holder =
    netdev !== undefined
      ? ({ kind: 'port', netdev } as const)
      : switchId !== undefined
        ? branded<MacUse['holder']>({ kind: 'switch', switchId })
        : ({ kind: 'table' } as const)
  return { ...use, holder, isExhausted: exhausted }
}

function dropCounter({ netdev, note, ...counter }: Native.DropCounter): DropCounter {
  return { ...counter, netdev: netdev === '' ? undefined : netdev, isNote: note }
}

function set(call: () => Native.Failure[]): readonly Failure[] {
  return attempt(call)
}

function attempt<R>(call: () => R): R {
  try {
    return call()
  } catch (thrown) {
    throw toDatapathError(thrown)
  }
}
