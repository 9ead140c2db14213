import { z } from 'zod'
import { readSuppression } from '../../desired/suppression.js'
import { section } from '../section.js'
import { shownLocator } from '../shown-locator.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    name: z.string(),
    id: z.string(),
    /** Its tunnel key. */
    vni: z.int().nullable(),
    replicationMode: z.enum(['service_node', 'source_node']),
    /** forwarding, or why not. */
    state: z.string(),
    remoteMacs: z.int(),
    localMacs: z.int(),
    /** Whether ARP and neighbour discovery are answered for remote MACs. */
    arpNdSuppression: z.boolean(),
    /** Addresses that they are answered for. */
    neighbours: z.int(),
    /** End points that a copy of each BUM frame goes to: a VTEP's address, with `#` and its own tunnel key where it has one. */
    floodList: z.array(z.string()),
    /** No row says where unknown-dst is: the list is made of the remote MACs. */
    isFloodedToMacs: z.boolean(),
  }),
)

type LogicalSwitches = z.infer<typeof schema>

export const logicalSwitches = section({ schema, build, print })

function build({ replica, desired, applied, config }: View): LogicalSwitches {
  const localMacs = new Map<string, number>()
  for (const { logical_switch } of replica.table('Ucast_Macs_Local').values()) {
    localMacs.set(logical_switch, (localMacs.get(logical_switch) ?? 0) + 1)
  }
  const reasons = new Map((desired?.refusals ?? []).map(({ row, reason }) => [row, reason]))
  return [...replica.table('Logical_Switch').values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((row) => {
      const { _uuid: id, name, tunnel_key, replication_mode } = row
      const isForwarding = applied?.switches.has(id) === true
      const isKeyless = tunnel_key === undefined || tunnel_key === 0
      const whyNot = isKeyless
        ? 'no tunnel_key'
        : desired?.bound.has(id) === true
          ? 'not applied yet'
          : 'not bound here'
      return {
        name,
        id,
        vni: tunnel_key ?? null,
        replicationMode: replication_mode ?? 'service_node',
        state: isForwarding ? 'forwarding' : (reasons.get(id) ?? whyNot),
        remoteMacs: applied?.remoteMacs.get(id)?.size ?? 0,
        localMacs: localMacs.get(id) ?? 0,
        arpNdSuppression: readSuppression(row, config.arpNdSuppression).isOn,
        neighbours: applied?.neighbours.get(id)?.size ?? 0,
        floodList: [...(applied?.floods.get(id) ?? [])],
        isFloodedToMacs: applied?.floodedToMacs.has(id) === true,
      }
    })
}

function print(value: LogicalSwitches): string {
  return table(
    [
      { heading: 'LOGICAL SWITCH' },
      { heading: 'VNI', align: 'right' },
      { heading: 'STATE' },
      { heading: 'REPLICATION' },
      { heading: 'LOCAL', align: 'right' },
      { heading: 'REMOTE', align: 'right' },
      { heading: 'ANSWERS FOR', align: 'right' },
      { heading: 'FLOODS TO' },
    ],
    value.map((item) => [
      item.name,
      item.vni === null ? '-' : String(item.vni),
      item.state,
      item.replicationMode,
      String(item.localMacs),
      String(item.remoteMacs),
      item.arpNdSuppression ? String(item.neighbours) : 'off',
      `${item.floodList.map(shownLocator).join(', ')}${item.isFloodedToMacs ? ' (from remote MACs: no unknown-dst)' : ''}`.trimStart(),
    ]),
    'the database has no logical switches',
  )
}
