import { z } from 'zod'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    port: z.string(),
    netdev: z.string(),
    /** absent: no such device, or it is not a port yet; down: administratively; no carrier: the far end is not there. */
    state: z.enum(['up', 'no carrier', 'down', 'absent']),
    mtu: z.int().nullable(),
    mode: z.enum(['xdp', 'tc']).nullable(),
    bindings: z.int(),
    /** port_fault_status */
    faults: z.array(z.string()),
  }),
)

type Ports = z.infer<typeof schema>

export const ports = section({ schema, build, print })

function build({ config, datapath, desired, replica }: View): Ports {
  const statuses = new Map(datapath?.portStatus().map((status) => [status.netdev, status]))
  const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === config.switchName)
  const rows = (own?.ports ?? []).flatMap((id) => replica.table('Physical_Port').get(id) ?? [])
  const bindings = [...(desired?.forwarding.bindings.values() ?? [])]
  return config.ports.map(({ name, netdev }) => {
    const status = statuses.get(netdev)
    return {
      port: name,
      netdev,
      state: status === undefined ? 'absent' : !status.up ? 'down' : status.carrier ? 'up' : 'no carrier',
      mtu: status?.mtu ?? null,
      mode: status?.mode ?? null,
      bindings: bindings.filter((binding) => binding.netdev === netdev).length,
      faults: [...(rows.find((row) => row.name === name)?.port_fault_status ?? [])],
    }
  })
}

function print(value: Ports): string {
  return table(
    [
      { heading: 'PORT' },
      { heading: 'DEVICE' },
      { heading: 'STATE' },
      { heading: 'MODE' },
      { heading: 'MTU', align: 'right' },
      { heading: 'BINDINGS', align: 'right' },
      { heading: 'FAULTS' },
    ],
    value.map(({ port, netdev, state, mode, mtu, bindings, faults }) => [
      port,
      netdev,
      state,
      mode ?? '-',
      mtu === null ? '-' : String(mtu),
      String(bindings),
      faults.join(', '),
    ]),
    'no ports are configured: give --port NAME[=NETDEV]',
  )
}
