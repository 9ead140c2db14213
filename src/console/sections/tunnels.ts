import { z } from 'zod'
import { section } from '../section.js'
import { table } from '../table.js'

const schema = z.array(
  z.object({
    remote: z.string(),
    local: z.string(),
    /** ready: frames leave with a prepared header; by the kernel: its routing decides for each frame. */
    path: z.enum(['ready', 'by the kernel']),
    netdev: z.string().nullable(),
    nextHopMac: z.string().nullable(),
    /** Largest IP packet inside. */
    mtu: z.int(),
    mode: z.enum(['xdp', 'tc']),
  }),
)

export const tunnels = section({
  schema,
  build: ({ datapath }) =>
    (datapath?.tunnelStatus() ?? [])
      .map(({ remoteIp, localIp, resolved, netdev, nextHopMac, mtu, mode }) => ({
        remote: remoteIp,
        local: localIp,
        path: resolved ? ('ready' as const) : ('by the kernel' as const),
        netdev: netdev ?? null,
        nextHopMac: nextHopMac ?? null,
        mtu,
        mode,
      }))
      .sort((a, b) => a.remote.localeCompare(b.remote, 'en', { numeric: true })),
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
      ],
      value.map(({ remote, local, path, netdev, nextHopMac, mtu, mode }) => [
        remote,
        local,
        path,
        netdev ?? '-',
        nextHopMac ?? '-',
        String(mtu),
        mode,
      ]),
      'no remote VTEPs are in use',
    ),
})
