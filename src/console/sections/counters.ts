import { z } from 'zod'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const bindingSchema = z.array(
  z.object({
    port: z.string(),
    /** 0: untagged */
    vlan: z.int(),
    /** From the server into the logical switch. */
    packetsFromLocal: z.number(),
    bytesFromLocal: z.number(),
    /** From the logical switch to the server. */
    packetsToLocal: z.number(),
    bytesToLocal: z.number(),
  }),
)

const dropSchema = z.array(
  z.object({
    /** The access port's device; empty: the overlay side. */
    netdev: z.string(),
    port: z.string().nullable(),
    reason: z.string(),
    explanation: z.string(),
    /** Counted, but the frames were not dropped for it. */
    isNote: z.boolean(),
    packets: z.number(),
  }),
)

/** What each binding carried. */
export const counters = section({
  schema: bindingSchema,
  build: (view) => {
    const counted = view.datapath?.bindingCounters() ?? []
    return counted
      .map(({ netdev, vlan, packetsFromLocal, bytesFromLocal, packetsToLocal, bytesToLocal }) => ({
        port: portOf(view, netdev) ?? netdev,
        vlan,
        packetsFromLocal: Number(packetsFromLocal),
        bytesFromLocal: Number(bytesFromLocal),
        packetsToLocal: Number(packetsToLocal),
        bytesToLocal: Number(bytesToLocal),
      }))
      .sort((a, b) => (a.port === b.port ? a.vlan - b.vlan : a.port < b.port ? -1 : 1))
  },
  print: (value) =>
    table(
      [
        { heading: 'PORT' },
        { heading: 'VLAN', align: 'right' },
        { heading: 'FROM SERVER', align: 'right' },
        { heading: 'BYTES', align: 'right' },
        { heading: 'TO SERVER', align: 'right' },
        { heading: 'BYTES', align: 'right' },
      ],
      value.map((item) => [
        item.port,
        item.vlan === 0 ? 'untagged' : String(item.vlan),
        String(item.packetsFromLocal),
        String(item.bytesFromLocal),
        String(item.packetsToLocal),
        String(item.bytesToLocal),
      ]),
      'nothing is bound',
    ),
})

/** Frames that no rule accepted, by place and reason. */
export const drops = section({
  schema: dropSchema,
  build: (view) => {
    const counted = view.datapath?.dropCounters() ?? []
    return counted
      .map(({ netdev, reason, explanation, isNote, packets }) => ({
        netdev: netdev ?? '',
        port: netdev === undefined ? null : (portOf(view, netdev) ?? null),
        reason,
        explanation,
        isNote,
        packets: Number(packets),
      }))
      .filter(({ packets }) => packets > 0)
      .sort((a, b) => b.packets - a.packets)
  },
  print: (value) =>
    table(
      [{ heading: 'WHERE' }, { heading: 'DROPPED', align: 'right' }, { heading: 'REASON' }, { heading: 'WHICH MEANS' }],
      value.map(({ netdev, port, reason, explanation, isNote, packets }) => [
        netdev === '' ? 'overlay' : `port ${port ?? netdev}`,
        isNote ? `(${packets})` : String(packets),
        reason,
        isNote ? `${explanation} (not dropped)` : explanation,
      ]),
      'nothing was dropped',
    ),
})

function portOf({ config }: View, netdev: string): string | undefined {
  return config.ports.find((port) => port.netdev === netdev)?.name
}
