import type { Uuid } from '../ovsdb/notation.js'
import { parseUnicastMac, type Mac } from '../schema/mac.js'
import type { UcastMacsRemoteRow } from '../schema/rows.generated.js'

/** A row that is not served, and why. */
export interface RefusedRow {
  readonly row: UcastMacsRemoteRow
  readonly reason: string
}

/** The rows of Ucast_Macs_Remote of one logical switch, as they come and go. */
export interface SwitchMacs {
  /** The row that stands for each MAC: of several the one with the lowest UUID, whatever the order they came in. */
  readonly standing: ReadonlyMap<Mac, UcastMacsRemoteRow>
  /** All rows of a MAC, the standing one first. */
  readonly rowsOf: (mac: Mac) => readonly UcastMacsRemoteRow[]
  readonly refused: () => readonly RefusedRow[]
  readonly isEmpty: () => boolean
  /** Takes rows out and in. Answers the MACs whose standing row may be another now. */
  readonly replace: (gone: readonly UcastMacsRemoteRow[], come: readonly UcastMacsRemoteRow[]) => readonly Mac[]
}

export function createSwitchMacs(): SwitchMacs {
  const standing = new Map<Mac, UcastMacsRemoteRow>()
  const rivals = new Map<Mac, readonly UcastMacsRemoteRow[]>()
  const unreadable = new Map<Uuid, RefusedRow>()

  const put = (mac: Mac, rows: readonly UcastMacsRemoteRow[]): void => {
    const [first, ...others] = [...rows].sort((a, b) => (a._uuid < b._uuid ? -1 : 1))
    if (first === undefined) standing.delete(mac)
    else standing.set(mac, first)
    if (others.length === 0) rivals.delete(mac)
    else rivals.set(mac, others)
  }
  const rowsOf = (mac: Mac): readonly UcastMacsRemoteRow[] => {
    const first = standing.get(mac)
    return first === undefined ? [] : [first, ...(rivals.get(mac) ?? [])]
  }

  return {
    standing,
    rowsOf,
    isEmpty: () => standing.size === 0 && unreadable.size === 0,
    refused: () => [...unreadable.values(), ...contradictions(standing, rivals)],
    replace: (gone, come) => {
      const changed = new Set<Mac>()
      for (const row of gone) {
        const mac = parseUnicastMac(row.MAC)
        unreadable.delete(row._uuid)
        if (!mac.ok) continue
        put(
          mac.value,
          rowsOf(mac.value).filter((other) => other !== row),
        )
        changed.add(mac.value)
      }
      for (const row of come) {
        const mac = parseUnicastMac(row.MAC)
        if (!mac.ok) {
          unreadable.set(row._uuid, { row, reason: mac.reason })
          continue
        }
        const others = rowsOf(mac.value)
        if (others.length === 0) standing.set(mac.value, row)
        else put(mac.value, [...others, row])
        changed.add(mac.value)
      }
      return [...changed]
    },
  }
}

/** MidoNet keeps several rows per MAC; those that agree contradict nothing. */
function contradictions(
  standing: ReadonlyMap<Mac, UcastMacsRemoteRow>,
  rivals: ReadonlyMap<Mac, readonly UcastMacsRemoteRow[]>,
): RefusedRow[] {
  return [...rivals].flatMap(([mac, rows]) => {
    const first = standing.get(mac)
    const reason = `row ${first?._uuid ?? ''} gives ${mac} to another locator, and of several rows the one with the lowest UUID stands`
    return rows.filter(({ locator }) => locator !== first?.locator).map((row) => ({ row, reason }))
  })
}
