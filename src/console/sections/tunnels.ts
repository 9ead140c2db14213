import { z } from 'zod'
import type { BfdStatus } from '../../datapath/datapath.js'
import { section } from '../section.js'
import { table } from '../table.js'

const bfdState = z.enum(['admin_down', 'down', 'init', 'up'])

const schema = z.array(
  z.object({
    remote: z.string(),
    local: z.string(),
    /**
     * ready: frames leave with a prepared header; by the kernel: an underlay without Ethernet, whose frames the kernel prepares; else
     * why nothing arrives: no route to the VTEP from our address, the underlay's cable is out, the next hop does not answer ARP.
     */
    path: z.enum(['ready', 'by the kernel', 'no route', 'device down', 'no answer']),
    netdev: z.string().nullable(),
    nextHopMac: z.string().nullable(),
    /** Largest IP packet inside; null: no route says it. */
    mtu: z.int().nullable(),
    mode: z.enum(['xdp', 'tc']),
    /** null: BFD is not enabled. */
    bfd: z
      .object({
        state: bfdState,
        /** The tunnel may be used for traffic. */
        forwarding: z.boolean(),
        diagnostic: z.string(),
        remoteState: bfdState,
        remoteDiagnostic: z.string(),
        info: z.string().nullable(),
      })
      .nullable(),
  }),
)

const PATH_OF_OBSTACLE = {
  no_route: 'no route',
  device_down: 'device down',
  no_answer: 'no answer',
  not_ethernet: 'by the kernel',
} as const

export const tunnels = section({
  schema,
  build: ({ datapath }) => {
    const sessions = new Map(datapath?.bfdStatus().map((status) => [status.remoteIp, status]))
    return (datapath?.tunnelStatus() ?? [])
      .map(({ remoteIp, localIp, obstacle, netdev, nextHopMac, mtu, mode }) => ({
        remote: remoteIp,
        local: localIp,
        path: obstacle === undefined ? ('ready' as const) : PATH_OF_OBSTACLE[obstacle],
        netdev: netdev ?? null,
        nextHopMac: nextHopMac ?? null,
        mtu: mtu ?? null,
        mode,
        bfd: shownSession(sessions.get(remoteIp)),
      }))
      .sort((a, b) => a.remote.localeCompare(b.remote, 'en', { numeric: true }))
  },
  print: (value) =>
    table(
      [
        { heading: 'REMOTE VTEP' },
        { heading: 'LOCAL' },
        { heading: 'PATH' },
        { heading: 'DEVICE' },
        { heading: 'NEXT HOP' },
        { heading: 'INNER MTU', align: 'right' },
        { heading: 'MODE' },
        { heading: 'BFD' },
        { heading: 'FORWARDING' },
      ],
      value.map(({ remote, local, path, netdev, nextHopMac, mtu, mode, bfd }) => [
        remote,
        local,
        path,
        netdev ?? '-',
        nextHopMac ?? '-',
        mtu === null ? '-' : String(mtu),
        mode,
        bfd?.state ?? '-',
        bfd === null ? '-' : bfd.forwarding ? 'yes' : 'no',
      ]),
      'no remote VTEPs are in use',
    ),
})

function shownSession(status: BfdStatus | undefined): z.infer<typeof schema>[number]['bfd'] {
  if (status === undefined) return null
  const { state, forwarding, diagnostic, remoteState, remoteDiagnostic, info } = status
  return { state, forwarding, diagnostic, remoteState, remoteDiagnostic, info: info ?? null }
}
