import { z } from 'zod'
import { otherUses, portState } from '../../datapath/port-state.js'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    port: z.string(),
    netdev: z.string(),
    /** See PortState. */
    state: z.enum(['up', 'no carrier', 'down', 'absent']),
    mtu: z.int().nullable(),
    mode: z.enum(['xdp', 'tc']).nullable(),
    bindings: z.int(),
    /** port_fault_status */
    faults: z.array(z.string()),
    /** What else the box uses the device for, in vain. */
    otherUses: z.array(z.string()),
  }),
)

type Ports = z.infer<typeof schema>

export const ports = section({ schema, build, print })

function build({ config, datapath, desired, replica }: View): Ports {
  const statuses = new Map(datapath?.portStatus().map((status) => [status.netdev, status]))
  const addresses = datapath?.localAddresses() ?? []
  const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === config.switchName)
  const rows = (own?.ports ?? []).flatMap((id) => replica.table('Physical_Port').get(id) ?? [])
  const bindings = [...(desired?.forwarding.bindings.values() ?? [])]
  return config.ports.map(({ name, netdev }) => {
    const status = statuses.get(netdev)
    return {
      port: name,
      netdev,
      state: portState(status),
      mtu: status?.mtu ?? null,
      mode: status?.mode ?? null,
      bindings: bindings.filter((binding) => binding.netdev === netdev).length,
      faults: [...(rows.find((row) => row.name === name)?.port_fault_status ?? [])],
      otherUses: status === undefined ? [] : [...otherUses(status, addresses)],
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
      { heading: 'REMARKS' },
    ],
    value.map(({ port, netdev, state, mode, mtu, bindings, faults, otherUses }) => [
      port,
      netdev,
      state,
      mode ?? '-',
      mtu === null ? '-' : String(mtu),
      String(bindings),
      faults.join(', '),
      otherUses.join(', '),
    ]),
    'no ports are configured: give --port NAME[=NETDEV]',
  )
}
