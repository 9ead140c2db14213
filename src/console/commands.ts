import { SECTION_NAMES, type SectionName } from './shown.js'

/** What a command line asks for. */
export type Action = { readonly kind: 'show'; readonly sections: readonly SectionName[] } | { readonly kind: 'detach' }

export interface Command {
  readonly words: readonly string[]
  readonly help: string
  readonly action: Action
}

/** Every command there is; help and look-up are made from it. */
export const COMMANDS: readonly Command[] = [
  show([], 'everything below', SECTION_NAMES),
  show(['status'], 'the database, who decides, managers, faults', ['status']),
  show(['faults'], 'what is not served, why, and the fault that says so in the database', ['faults']),
  show(['ports'], 'access ports and how they forward', ['ports']),
  show(['bindings'], 'which VLAN of a port is in which logical switch', ['bindings']),
  show(['acls'], 'which ACL filters which VLAN of a port, and how many rules it has', ['acls']),
  show(['logical-switches'], 'logical switches of the database, and where BUM goes', ['logicalSwitches']),
  show(['groups'], 'multicast groups that do not go where all other BUM goes', ['groups']),
  show(['macs'], 'MAC addresses, local and remote, and room for more', ['localMacs', 'remoteMacs', 'macRoom']),
  show(['macs', 'local'], 'those learned on access ports', ['localMacs']),
  show(['macs', 'remote'], 'those that the controller gave', ['remoteMacs']),
  show(['macs', 'room'], 'how many local MACs there are and may be', ['macRoom']),
  show(['neighbours'], 'addresses of remote MACs, and for which of them ARP and neighbour discovery are answered', [
    'neighbours',
  ]),
  show(['tunnels'], 'remote VTEPs and the path to each', ['tunnels']),
  show(['counters'], 'what each binding carried, and what was dropped and why', ['counters', 'drops']),
  {
    words: ['datapath', 'detach'],
    help: 'remove the gateway from the kernel; ends forwarding, and the daemon if it runs',
    action: { kind: 'detach' },
  },
]

function show(words: readonly string[], help: string, sections: readonly SectionName[]): Command {
  return { words: ['show', ...words], help, action: { kind: 'show', sections } }
}

export type LookUp =
  | { readonly kind: 'found'; readonly command: Command }
  | { readonly kind: 'unknown'; readonly word: string; readonly candidates: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly word: string; readonly candidates: readonly string[] }
  | { readonly kind: 'incomplete'; readonly candidates: readonly string[] }

/** Looks a command up by its words; each may be cut to a prefix that only one command has at that place. */
export function lookUpCommand(words: readonly string[], commands: readonly Command[] = COMMANDS): LookUp {
  let left = commands
  for (const [at, word] of words.entries()) {
    const here = new Set(left.flatMap((command) => command.words[at] ?? []))
    const matches = here.has(word) ? [word] : [...here].filter((candidate) => candidate.startsWith(word))
    const [match, ...others] = matches
    if (match === undefined) return { kind: 'unknown', word, candidates: [...here] }
    if (others.length > 0) return { kind: 'ambiguous', word, candidates: matches }
    left = left.filter((command) => command.words[at] === match)
  }
  const command = left.find((candidate) => candidate.words.length === words.length)
  if (command !== undefined) return { kind: 'found', command }
  return {
    kind: 'incomplete',
    candidates: [...new Set(left.flatMap((candidate) => candidate.words[words.length] ?? []))],
  }
}
