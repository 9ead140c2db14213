import { z } from 'zod'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    /** table: all together. */
    of: z.enum(['table', 'logical switch', 'port']),
    /** Of the logical switch or port; empty for the table. */
    name: z.string(),
    held: z.int(),
    limit: z.int(),
    /** exhausted: MACs are not learned for want of room, or were not a moment ago. */
    state: z.enum(['room', 'exhausted']),
  }),
)

type MacRoom = z.infer<typeof schema>

/** Local MACs that there are and may be: in all, by port, by logical switch. */
export const macRoom = section({ schema, build, print })

const ORDER = ['table', 'port', 'logical switch'] as const

function build({ config, datapath, replica }: View): MacRoom {
  const uses = datapath?.macUses() ?? []
  return uses
    .map(({ holder, held, limit, isExhausted }) => {
      const common = { held, limit, state: isExhausted ? ('exhausted' as const) : ('room' as const) }
      switch (holder.kind) {
        case 'table':
          return { of: 'table' as const, name: '', ...common }
        case 'port': {
          const name = config.ports.find(({ netdev }) => netdev === holder.netdev)?.name ?? holder.netdev
          return { of: 'port' as const, name, ...common }
        }
        case 'switch': {
          const name = replica.table('Logical_Switch').get(holder.switchId)?.name ?? holder.switchId
          return { of: 'logical switch' as const, name, ...common }
        }
      }
    })
    .sort((a, b) => ORDER.indexOf(a.of) - ORDER.indexOf(b.of) || (a.name < b.name ? -1 : 1))
}

function print(value: MacRoom): string {
  return table(
    [
      { heading: 'OF' },
      { heading: 'NAME' },
      { heading: 'LOCAL MACS', align: 'right' },
      { heading: 'LIMIT', align: 'right' },
      { heading: 'USED', align: 'right' },
      { heading: 'STATE' },
    ],
    value.map(({ of, name, held, limit, state }) => [
      of,
      name,
      String(held),
      String(limit),
      `${Math.floor((held * 100) / limit)} %`,
      state,
    ]),
    'the data plane is not open',
  )
}
