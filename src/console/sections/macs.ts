import { z } from 'zod'
import type { Uuid } from '../../ovsdb/notation.js'
import { ownVniOf, remoteOf } from '../../schema/locator.js'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const localSchema = z.array(
  z.object({
    logicalSwitch: z.string(),
    mac: z.string(),
    port: z.string(),
    /** 0: untagged */
    vlan: z.int(),
    /** Since a frame of it was seen. */
    ageMs: z.number(),
  }),
)

const remoteSchema = z.array(
  z.object({
    logicalSwitch: z.string(),
    mac: z.string(),
    vtep: z.string(),
    /** The locator's own tunnel key; null: that of the logical switch. */
    key: z.int().nullable(),
  }),
)

/** Learned on access ports, as the kernel has them. */
export const localMacs = section({
  schema: localSchema,
  build: (view) => {
    const names = new Map(view.config.ports.map(({ name, netdev }) => [netdev, name]))
    const macs = view.snapshot()?.localMacs ?? []
    return macs
      .map(({ switchId, mac, netdev, vlan, ageMs }) => ({
        logicalSwitch: nameOf(view, switchId),
        mac,
        port: names.get(netdev) ?? netdev,
        vlan,
        ageMs,
      }))
      .sort(byMac)
  },
  print: (value) =>
    table(
      [
        { heading: 'LOGICAL SWITCH' },
        { heading: 'LOCAL MAC' },
        { heading: 'PORT' },
        { heading: 'VLAN', align: 'right' },
        { heading: 'SEEN', align: 'right' },
      ],
      value.map(({ logicalSwitch, mac, port, vlan, ageMs }) => [
        logicalSwitch,
        mac,
        port,
        vlan === 0 ? 'untagged' : String(vlan),
        `${Math.floor(ageMs / 1000)} s ago`,
      ]),
      'no MAC was learned on the access ports',
    ),
})

/** Given by the controller, as the kernel has them. */
export const remoteMacs = section({
  schema: remoteSchema,
  build: (view) => {
    const macs = view.snapshot()?.remoteMacs ?? []
    return macs
      .map(({ switchId, mac, locator }) => ({
        logicalSwitch: nameOf(view, switchId),
        mac,
        vtep: remoteOf(locator),
        key: ownVniOf(locator) ?? null,
      }))
      .sort(byMac)
  },
  print: (value) =>
    table(
      [
        { heading: 'LOGICAL SWITCH' },
        { heading: 'REMOTE MAC' },
        { heading: 'VTEP' },
        { heading: 'OWN KEY', align: 'right' },
      ],
      value.map(({ logicalSwitch, mac, vtep, key }) => [logicalSwitch, mac, vtep, key === null ? '-' : String(key)]),
      'the controller gave no remote MACs',
    ),
})

function nameOf({ replica }: View, id: Uuid): string {
  return replica.table('Logical_Switch').get(id)?.name ?? id
}

function byMac(a: { logicalSwitch: string; mac: string }, b: { logicalSwitch: string; mac: string }): number {
  const [left, right] = [`${a.logicalSwitch} ${a.mac}`, `${b.logicalSwitch} ${b.mac}`]
  return left < right ? -1 : left > right ? 1 : 0
}
