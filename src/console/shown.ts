import { z } from 'zod'
import { acls } from './sections/acls.js'
import { bindings } from './sections/bindings.js'
import { counters, drops } from './sections/counters.js'
import { faults } from './sections/faults.js'
import { groups } from './sections/groups.js'
import { logicalSwitches } from './sections/logical-switches.js'
import { macRoom } from './sections/mac-room.js'
import { localMacs, remoteMacs } from './sections/macs.js'
import { neighbours } from './sections/neighbours.js'
import { ports } from './sections/ports.js'
import { status } from './sections/status.js'
import { tunnels } from './sections/tunnels.js'
import type { View } from './view.js'

const sections = {
  status,
  faults,
  ports,
  bindings,
  acls,
  logicalSwitches,
  groups,
  localMacs,
  remoteMacs,
  macRoom,
  neighbours,
  tunnels,
  counters,
  drops,
}

export type SectionName = keyof typeof sections

export const SECTION_NAMES = Object.keys(sections) as SectionName[]

/** The JSON of `vtep show --json`; a command for one section prints the same object with that section's keys alone. */
export const shownSchema = z
  .object({
    status: status.schema,
    faults: faults.schema,
    ports: ports.schema,
    bindings: bindings.schema,
    acls: acls.schema,
    logicalSwitches: logicalSwitches.schema,
    groups: groups.schema,
    localMacs: localMacs.schema,
    remoteMacs: remoteMacs.schema,
    macRoom: macRoom.schema,
    neighbours: neighbours.schema,
    tunnels: tunnels.schema,
    counters: counters.schema,
    drops: drops.schema,
  })
  .partial()

export type Shown = z.infer<typeof shownSchema>

const HEADINGS: Readonly<Record<SectionName, string>> = {
  status: 'Status',
  faults: 'Faults',
  ports: 'Ports',
  bindings: 'Bindings',
  acls: 'ACLs',
  logicalSwitches: 'Logical switches',
  groups: 'Multicast groups',
  localMacs: 'Local MACs',
  remoteMacs: 'Remote MACs',
  macRoom: 'Room for local MACs',
  neighbours: 'Neighbours',
  tunnels: 'Tunnels',
  counters: 'Counters by binding',
  drops: 'Drops by reason',
}

export function isSectionName(text: string): text is SectionName {
  return text in sections
}

/** What these sections say now. */
export function buildShown(names: readonly SectionName[], view: View): Shown {
  return Object.fromEntries(names.map((name) => [name, sections[name].build(view)]))
}

/** The sections as people read them, each under its heading. */
export function printShown(shown: Shown): string {
  const parts: string[] = []
  const add = <T>(name: SectionName, value: T | undefined, print: (value: T) => string): void => {
    if (value !== undefined) parts.push(`${HEADINGS[name]}\n${print(value)}`)
  }
  add('status', shown.status, status.print)
  add('faults', shown.faults, faults.print)
  add('ports', shown.ports, ports.print)
  add('bindings', shown.bindings, bindings.print)
  add('acls', shown.acls, acls.print)
  add('logicalSwitches', shown.logicalSwitches, logicalSwitches.print)
  add('groups', shown.groups, groups.print)
  add('localMacs', shown.localMacs, localMacs.print)
  add('remoteMacs', shown.remoteMacs, remoteMacs.print)
  add('macRoom', shown.macRoom, macRoom.print)
  add('neighbours', shown.neighbours, neighbours.print)
  add('tunnels', shown.tunnels, tunnels.print)
  add('counters', shown.counters, counters.print)
  add('drops', shown.drops, drops.print)
  return parts.join('\n')
}
