import { z } from 'zod'
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
function build({ config, replica, desired, applied }: View): Bindings {
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
        const isKeyless = row?.tunnel_key === undefined || row.tunnel_key === 0
        return {
          port: port.name,
          vlan,
          logicalSwitch: row?.name ?? switchId,
          vni: row?.tunnel_key ?? null,
          state: isForwarding
            ? 'forwarding'
            : (reasons.get(reasonKey(id, vlan)) ??
              (isKeyless ? 'waiting for a tunnel_key' : undefined) ??
              reasons.get(reasonKey(switchId)) ??
              reasons.get(reasonKey(id)) ??
              'not applied yet'),
        }
      })
  })
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
