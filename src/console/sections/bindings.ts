import { z } from 'zod'
import { portState, type PortState } from '../../datapath/port-state.js'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    port: z.string(),
    /** 0: untagged */
    vlan: z.int(),
    logicalSwitch: z.string(),
    vni: z.int().nullable(),
    /** forwarding, or why not. */
    state: z.string(),
  }),
)

type Bindings = z.infer<typeof schema>

export const bindings = section({ schema, build, print })

/** As the controller asked: Physical_Port.vlan_bindings, with what became of each. */
function build({ config, replica, desired, applied, datapath }: View): Bindings {
  const statuses = new Map(datapath?.portStatus().map((status) => [status.netdev, status]))
  const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === config.switchName)
  const forwarding = new Set([...(applied?.bindings.values() ?? [])].map((binding) => keyOf(binding)))
  const reasons = new Map((desired?.refusals ?? []).map(({ row, vlan, reason }) => [reasonKey(row, vlan), reason]))
  return (own?.ports ?? []).flatMap((id) => {
    const port = replica.table('Physical_Port').get(id)
    if (port === undefined) return []
    const netdev = config.ports.find(({ name }) => name === port.name)?.netdev
    return [...port.vlan_bindings]
      .sort(([a], [b]) => a - b)
      .map(([vlan, switchId]) => {
        const row = replica.table('Logical_Switch').get(switchId)
        const isForwarding = netdev !== undefined && forwarding.has(keyOf({ netdev, vlan, switchId }))
        const state = netdev === undefined ? 'absent' : portState(statuses.get(netdev))
        const isKeyless = row?.tunnel_key === undefined || row.tunnel_key === 0
        return {
          port: port.name,
          vlan,
          logicalSwitch: row?.name ?? switchId,
          vni: row?.tunnel_key ?? null,
          state: isForwarding
            ? (OBSTACLES[state] ?? 'forwarding')
            : (reasons.get(reasonKey(id, vlan)) ??
              (isKeyless ? 'waiting for a tunnel_key' : undefined) ??
              reasons.get(reasonKey(switchId)) ??
              reasons.get(reasonKey(id)) ??
              OBSTACLES[state] ??
              'not applied yet'),
        }
      })
  })
}

/** Why a binding forwards nothing although the kernel has it, by the state of its port. */
const OBSTACLES: Partial<Record<PortState, string>> = {
  absent: 'the port is absent',
  down: 'the port is down',
  'no carrier': 'the port has no carrier',
}

/** Of the whole row, or of one binding of a port. */
function reasonKey(row: string, vlan?: number): string {
  return vlan === undefined ? row : `${row}/${vlan}`
}

function keyOf({ netdev, vlan, switchId }: { netdev: string; vlan: number; switchId: string }): string {
  return `${netdev}/${vlan}/${switchId}`
}

function print(value: Bindings): string {
  return table(
    [
      { heading: 'PORT' },
      { heading: 'VLAN', align: 'right' },
      { heading: 'LOGICAL SWITCH' },
      { heading: 'VNI', align: 'right' },
      { heading: 'STATE' },
    ],
    value.map(({ port, vlan, logicalSwitch, vni, state }) => [
      port,
      vlan === 0 ? 'untagged' : String(vlan),
      logicalSwitch,
      vni === null ? '-' : String(vni),
      state,
    ]),
    'nothing is bound: the controller writes Physical_Port.vlan_bindings',
  )
}
