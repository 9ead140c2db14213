import { z } from 'zod'
import { readSuppression } from '../../desired/suppression.js'
import { readClaim } from '../../desired/switch-addresses.js'
import type { Uuid } from '../../ovsdb/notation.js'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    logicalSwitch: z.string(),
    address: z.string(),
    /** The MACs that claim the address: one, where it is answered. */
    macs: z.array(z.string()),
    /** answered, or why not. */
    state: z.string(),
  }),
)

type Neighbours = z.infer<typeof schema>

interface Known {
  readonly switchId: Uuid
  readonly address: string
  readonly macs: Set<string>
  isAnswered: boolean
}

/** Addresses of remote MACs, and whether ARP and neighbour discovery are answered for them, as the kernel has it. */
export const neighbours = section({ schema, build, print })

function build(view: View): Neighbours {
  return [...knownAddresses(view).values()]
    .map((known) => ({
      logicalSwitch: view.replica.table('Logical_Switch').get(known.switchId)?.name ?? known.switchId,
      address: known.address,
      macs: [...known.macs].sort(),
      state: known.isAnswered ? 'answered' : whyNot(known, view),
    }))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
}

function knownAddresses({ replica, snapshot }: View): ReadonlyMap<string, Known> {
  const found = new Map<string, Known>()
  const at = (switchId: Uuid, address: string): Known => {
    const key = `${switchId} ${address}`
    const known = found.get(key) ?? { switchId, address, macs: new Set(), isAnswered: false }
    found.set(key, known)
    return known
  }
  for (const row of replica.table('Ucast_Macs_Remote').values()) {
    const claim = readClaim(row)
    if (claim !== undefined && 'address' in claim) at(row.logical_switch, claim.address).macs.add(claim.mac)
  }
  for (const { switchId, address, mac } of snapshot()?.neighbours ?? []) {
    const known = at(switchId, address)
    known.macs.add(mac)
    known.isAnswered = true
  }
  return found
}

function whyNot({ switchId, macs }: Known, { replica, applied, config }: View): string {
  const row = replica.table('Logical_Switch').get(switchId)
  if (row !== undefined && !readSuppression(row, config.arpNdSuppression).isOn) return 'suppression is off'
  if (applied?.switches.has(switchId) !== true) return 'the logical switch is not served'
  return macs.size > 1 ? 'several MACs claim it' : 'its MAC cannot be reached'
}

function sortKey({ logicalSwitch, address }: { logicalSwitch: string; address: string }): string {
  return `${logicalSwitch} ${address}`
}

function print(value: Neighbours): string {
  return table(
    [{ heading: 'LOGICAL SWITCH' }, { heading: 'ADDRESS' }, { heading: 'REMOTE MAC' }, { heading: 'ARP AND ND' }],
    value.map(({ logicalSwitch, address, macs, state }) => [logicalSwitch, address, macs.join(', '), state]),
    'the controller gave no addresses of remote MACs',
  )
}
