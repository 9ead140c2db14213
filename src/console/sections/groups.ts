import { z } from 'zod'
import { groupOf } from '../../desired/forwarding.js'
import { section } from '../section.js'
import { shownLocator } from '../shown-locator.js'
import { table } from '../table.js'

const schema = z.array(
  z.object({
    logicalSwitch: z.string(),
    group: z.string(),
    /** End points that a copy of each frame goes to, as in a logical switch's `floodList`; none: it stays local. */
    goesTo: z.array(z.string()),
  }),
)

/** Groups with a row of their own in Mcast_Macs_Remote, as the kernel has them. */
export const groups = section({
  schema,
  build: ({ replica, applied }) =>
    [...(applied?.groups ?? [])]
      .map(([key, locators]) => {
        const { switchId, mac } = groupOf(key)
        const logicalSwitch = replica.table('Logical_Switch').get(switchId)?.name ?? switchId
        return { logicalSwitch, group: mac, goesTo: [...locators] }
      })
      .sort((a, b) => (`${a.logicalSwitch} ${a.group}` < `${b.logicalSwitch} ${b.group}` ? -1 : 1)),
  print: (value) =>
    table(
      [{ heading: 'LOGICAL SWITCH' }, { heading: 'GROUP' }, { heading: 'GOES TO' }],
      value.map(({ logicalSwitch, group, goesTo }) => [logicalSwitch, group, goesTo.map(shownLocator).join(', ')]),
      'no group has a list of its own',
    ),
})
