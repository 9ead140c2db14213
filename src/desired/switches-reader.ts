import type { Uuid } from '../ovsdb/notation.js'
import type { Replica } from '../ovsdb/replica.js'
import type { IpAddress } from '../schema/ip-address.js'
import type { McastMacsRemoteRow, Tables } from '../schema/rows.generated.js'
import { createLocatorDecoder } from './locators.js'
import { createMacIndexer } from './mac-index.js'
import { memoFields, memoLast } from './memo-last.js'
import { createNeighbourResolver, type Neighbours } from './neighbours.js'
import type { Gateway } from './own-switch.js'
import { createPerSwitch } from './per-switch.js'
import type { Refusal } from './refusal.js'
import { readSuppression } from './suppression.js'
import { createSwitchReader, type SwitchReading, type SwitchRows } from './switch-reader.js'

/** What the rows of all logical switches say, bound here or not. */
export interface SwitchReadings {
  readonly bySwitch: ReadonlyMap<Uuid, SwitchReading>
  /** For which addresses ARP and neighbour discovery are answered, of those logical switches that answer at all. */
  readonly answered: ReadonlyMap<Uuid, Neighbours>
  readonly refusals: readonly Refusal[]
}

/** Makes the function that reads all logical switches; what did not change since its last call is the same objects in the answer. */
export function createSwitchesReader({
  arpNdSuppression,
}: Pick<Gateway, 'arpNdSuppression'>): (
  replica: Replica<Tables>,
  tunnelIp: IpAddress | undefined,
  unreachable: ReadonlySet<IpAddress>,
) => SwitchReadings {
  const locatorsOf = createLocatorDecoder()
  const indexMacs = createMacIndexer()
  const multicastOf = memoLast(groupBySwitch)
  const readers = createPerSwitch(() => createWholeReader(arpNdSuppression))

  return (replica, tunnelIp, unreachable) => {
    const switches = replica.table('Logical_Switch')
    const sets = replica.table('Physical_Locator_Set')
    const locators = locatorsOf(replica.table('Physical_Locator'))
    const macsOf = indexMacs(replica.table('Ucast_Macs_Remote'))
    const multicastRows = multicastOf(replica.table('Mcast_Macs_Remote'))
    readers.keepOnly(switches)

    const bySwitch = new Map<Uuid, SwitchReading>()
    const answered = new Map<Uuid, Neighbours>()
    const refusals: (readonly Refusal[])[] = []
    for (const [id, row] of switches) {
      const [macs, multicast] = [macsOf.get(id), multicastRows.get(id) ?? NO_ROWS]
      const whole = readers.of(id)({ row, macs, multicast, sets, locators, tunnelIp, unreachable })
      bySwitch.set(id, whole.reading)
      if (whole.answered !== undefined) answered.set(id, whole.answered)
      if (whole.refusals.length > 0) refusals.push(whole.refusals)
    }
    return { bySwitch, answered, refusals: refusals.flat() }
  }
}

interface Around {
  readonly tunnelIp: IpAddress | undefined
  readonly unreachable: ReadonlySet<IpAddress>
}

interface WholeReading {
  readonly reading: SwitchReading
  /** undefined: it answers for nothing. */
  readonly answered: Neighbours | undefined
  readonly refusals: readonly Refusal[]
}

/** Makes the function that reads one logical switch with its neighbours. */
function createWholeReader(answersByDefault: boolean): (rows: SwitchRows & Around) => WholeReading {
  const read = createSwitchReader()
  const resolveNeighbours = createNeighbourResolver()
  return memoFields((rows) => {
    const { row, macs, tunnelIp, unreachable } = rows
    const reading = read(rows, tunnelIp)
    const known = resolveNeighbours(macs, row.name, reading.remote.macs, unreachable)
    const suppression = readSuppression(row, answersByDefault)
    return {
      reading,
      answered: suppression.isOn && tunnelIp !== undefined ? known.neighbours : undefined,
      refusals: [reading.remote, reading.multicast, known, suppression].flatMap(({ refusals }) => refusals),
    }
  })
}

/** One object, by which nothing is known to be as it was. */
const NO_ROWS: readonly never[] = []

function groupBySwitch(table: ReadonlyMap<Uuid, McastMacsRemoteRow>): ReadonlyMap<Uuid, readonly McastMacsRemoteRow[]> {
  const groups = new Map<Uuid, McastMacsRemoteRow[]>()
  for (const row of table.values()) {
    const group = groups.get(row.logical_switch)
    if (group === undefined) groups.set(row.logical_switch, [row])
    else group.push(row)
  }
  return groups
}
