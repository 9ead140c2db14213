import type { BindingSpec, FloodSpec, PortSpec, RemoteMacSpec, SwitchSpec, TunnelSpec } from '../datapath/datapath.js'
import type { Binding, Forwarding } from '../desired/forwarding.js'
import type { Uuid } from '../ovsdb/notation.js'
import { diffTables, sameList } from './diff.js'

/** One call of the data plane; what goes is named by its whole former entry. */
export type Step =
  | { readonly kind: 'putPorts' | 'removePorts'; readonly entries: readonly PortSpec[] }
  | { readonly kind: 'putSwitches' | 'removeSwitches'; readonly entries: readonly SwitchSpec[] }
  | { readonly kind: 'putTunnels' | 'removeTunnels'; readonly entries: readonly TunnelSpec[] }
  | { readonly kind: 'putBindings' | 'removeBindings'; readonly entries: readonly BindingSpec[] }
  | { readonly kind: 'putRemoteMacs' | 'removeRemoteMacs'; readonly entries: readonly RemoteMacSpec[] }
  | { readonly kind: 'putFloods'; readonly entries: readonly FloodSpec[] }

/**
 * The calls that make `applied` into `desired`, in order: what an entry refers to comes before it, and all that is new comes
 * before anything goes. Two things go first, because the new ones need their place: a logical switch whose VNI belongs to
 * another from now on, and a binding that moves to another logical switch (what was learned through it must not move along).
 */
export function planChanges(applied: Forwarding, desired: Forwarding): readonly Step[] {
  const vacated = vacate(applied, desired)
  const from = vacated.rest
  const ports = diffTables(asMap(from.ports), asMap(desired.ports))
  const switches = diffTables(from.switches, desired.switches)
  const tunnels = diffTables(from.tunnels, desired.tunnels)
  const bindings = diffTables(from.bindings, desired.bindings, (a, b) => a.switchId === b.switchId)
  const moved = bindings.put.flatMap(([key]) => from.bindings.get(key) ?? [])
  const remoteMacs = diffRemoteMacs(from, desired)
  const floods = diffTables(from.floods, desired.floods, sameList)

  const steps: readonly Step[] = [
    ...vacated.steps,
    { kind: 'putPorts', entries: ports.put.map(([netdev]) => ({ netdev })) },
    { kind: 'putSwitches', entries: switches.put.map(([id, vni]) => ({ id, vni })) },
    { kind: 'putTunnels', entries: tunnels.put.map(([remoteIp, localIp]) => ({ remoteIp, localIp })) },
    { kind: 'removeBindings', entries: moved },
    { kind: 'putBindings', entries: bindings.put.map(([, binding]) => binding) },
    { kind: 'putRemoteMacs', entries: remoteMacs.put },
    { kind: 'putFloods', entries: floods.put.map(([switchId, remoteIps]) => ({ switchId, remoteIps })) },
    { kind: 'removeRemoteMacs', entries: remoteMacs.gone },
    { kind: 'removeBindings', entries: bindings.gone.map(([, binding]) => binding) },
    { kind: 'removeTunnels', entries: tunnels.gone.map(([remoteIp, localIp]) => ({ remoteIp, localIp })) },
    { kind: 'removeSwitches', entries: switches.gone.map(([id, vni]) => ({ id, vni })) },
    { kind: 'removePorts', entries: ports.gone.map(([netdev]) => ({ netdev })) },
  ]
  return steps.filter(({ entries }) => entries.length > 0)
}

/** Takes out, whole, the logical switches whose VNI another one is to have. */
function vacate(
  applied: Forwarding,
  desired: Forwarding,
): { readonly steps: readonly Step[]; readonly rest: Forwarding } {
  const claimed = new Map([...desired.switches].map(([id, vni]) => [vni, id]))
  const leaving = [...applied.switches].filter(([id, vni]) => (claimed.get(vni) ?? id) !== id)
  if (leaving.length === 0) return { steps: [], rest: applied }
  const ids = new Set(leaving.map(([id]) => id))
  const isLeaving = ({ switchId }: Binding): boolean => ids.has(switchId)
  return {
    steps: [
      {
        kind: 'removeRemoteMacs',
        entries: leaving.flatMap(([id]) => specsOf(id, applied.remoteMacs.get(id) ?? new Map())),
      },
      { kind: 'removeBindings', entries: [...applied.bindings.values()].filter(isLeaving) },
      { kind: 'removeSwitches', entries: leaving.map(([id, vni]) => ({ id, vni })) },
    ],
    rest: {
      ...applied,
      switches: new Map([...applied.switches].filter(([id]) => !ids.has(id))),
      bindings: new Map([...applied.bindings].filter(([, binding]) => !isLeaving(binding))),
      remoteMacs: new Map([...applied.remoteMacs].filter(([id]) => !ids.has(id))),
      floods: new Map([...applied.floods].filter(([id]) => !ids.has(id))),
    },
  }
}

function diffRemoteMacs(
  from: Forwarding,
  desired: Forwarding,
): { put: readonly RemoteMacSpec[]; gone: readonly RemoteMacSpec[] } {
  const put: RemoteMacSpec[] = []
  const gone: RemoteMacSpec[] = []
  for (const [switchId, macs] of desired.remoteMacs) {
    const diff = diffTables(from.remoteMacs.get(switchId) ?? new Map<never, never>(), macs)
    for (const [mac, remoteIp] of diff.put) put.push({ switchId, mac, remoteIp })
    for (const [mac, remoteIp] of diff.gone) gone.push({ switchId, mac, remoteIp })
  }
  for (const [switchId, macs] of from.remoteMacs) {
    if (desired.remoteMacs.has(switchId)) continue
    for (const spec of specsOf(switchId, macs)) gone.push(spec)
  }
  return { put, gone }
}

function specsOf(
  switchId: Uuid,
  macs: Forwarding['remoteMacs'] extends ReadonlyMap<Uuid, infer M> ? M : never,
): RemoteMacSpec[] {
  return Array.from(macs, ([mac, remoteIp]) => ({ switchId, mac, remoteIp }))
}

function asMap(set: ReadonlySet<string>): ReadonlyMap<string, true> {
  return new Map([...set].map((item) => [item, true]))
}
