import type { DatapathEvent, LocalMac } from '../datapath/datapath.js'
import type { Uuid } from '../ovsdb/notation.js'
import type { Mac } from '../schema/mac.js'

/** The MACs that the data plane learned, by logical switch, as its events tell them. */
export interface LocalMacTable {
  readonly bySwitch: ReadonlyMap<Uuid, ReadonlySet<Mac>>
  /** True when an event changed which MACs there are. */
  readonly take: (event: DatapathEvent) => boolean
}

/** Begins with what the kernel held when the data plane was opened. */
export function createLocalMacTable(known: readonly LocalMac[]): LocalMacTable {
  const bySwitch = new Map<Uuid, Set<Mac>>()
  const learn = (id: Uuid, mac: Mac): boolean => {
    const macs = bySwitch.get(id)
    if (macs === undefined) bySwitch.set(id, new Set([mac]))
    else if (macs.has(mac)) return false
    else macs.add(mac)
    return true
  }
  const forget = (id: Uuid, mac: Mac): boolean => {
    const macs = bySwitch.get(id)
    if (macs?.delete(mac) !== true) return false
    if (macs.size === 0) bySwitch.delete(id)
    return true
  }
  for (const { switchId, mac } of known) learn(switchId, mac)
  return {
    bySwitch,
    take: (event) => {
      switch (event.kind) {
        case 'learned':
        case 'moved':
          return learn(event.switchId, event.mac)
        case 'forgotten':
          return forget(event.switchId, event.mac)
        case 'refused':
        case 'bfd':
        case 'macRoom':
        case 'links':
        case 'repaired':
        case 'failed':
          return false
      }
    },
  }
}
