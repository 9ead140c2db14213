import { COMMANDS } from './commands.js'

/** What `vtep --help` prints. */
export function vtepUsage(defaultRunDir: string): string {
  const width = Math.max(...COMMANDS.map(({ words }) => words.join(' ').length))
  const commands = COMMANDS.map(({ words, help }) => `  ${words.join(' ').padEnd(width)}  ${help}\n`).join('')
  return `vtep: looks into a running vtepd.

usage: vtep [--run-dir DIR] COMMAND ... [--json]

${commands}
Words may be cut short while they stay unique: vtep sh mac loc.

  --run-dir DIR  run directory of the daemon (default: ${defaultRunDir})
  --json         the same as JSON
  -h, --help     print this
  -V, --version  print the version

Exit status: 0 well; 1 not in service yet, or the command failed; 2 no such command or flag; 3 no daemon to ask, or none that answers within 10 s.
`
}
