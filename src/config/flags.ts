import { parseArgs } from 'node:util'
import { checkSettings } from './check-settings.js'
import { ConfigError } from './config-error.js'
import type { Said } from './settings.js'

/** What the command line of the daemon asks for. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly configFile: string | undefined; readonly said: Said }

/** Flag of the issue -> key of the settings; a repeatable flag fills a list. */
const FLAGS = {
  switch: { key: 'switch', multiple: false },
  'tunnel-ip': { key: 'tunnel-ip', multiple: false },
  port: { key: 'ports', multiple: true },
  'reserved-vlans': { key: 'reserved-vlans', multiple: true },
  ovsdb: { key: 'ovsdb', multiple: false },
  manager: { key: 'managers', multiple: true },
  'state-dir': { key: 'state-dir', multiple: false },
  'run-dir': { key: 'run-dir', multiple: false },
  'datapath-mode': { key: 'datapath-mode', multiple: false },
  'log-level': { key: 'log-level', multiple: false },
  'arp-nd-suppression': { key: 'arp-nd-suppression', multiple: false },
  'max-macs': { key: 'max-macs', multiple: false },
  'max-macs-per-switch': { key: 'max-macs-per-switch', multiple: false },
  'max-macs-per-port': { key: 'max-macs-per-port', multiple: false },
} as const

/**
 * Reads the daemon's command line (without the program's name).
 *
 * @throws ConfigError that names the flag.
 */
export function parseFlags(argv: readonly string[]): Invocation {
  const values = readFlags(argv)
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }

  const raw: Record<string, unknown> = {}
  const origins = new Map<string, string>()
  for (const [flag, { key }] of Object.entries(FLAGS)) {
    if (values[flag] === undefined) continue
    raw[key] = values[flag]
    origins.set(key, `--${flag}`)
  }
  const originOf = (path: string): string => origins.get(path.split('.')[0] ?? '') ?? 'command line'
  const configFile = typeof values.config === 'string' ? values.config : undefined
  return { kind: 'run', configFile, said: { settings: checkSettings(raw, originOf), originOf } }
}

function readFlags(argv: readonly string[]): Record<string, unknown> {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }> = {
    config: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'V' },
  }
  for (const [flag, { multiple }] of Object.entries(FLAGS)) options[flag] = { type: 'string', multiple }
  try {
    const { values, tokens } = parseArgs({
      args: joinNegatives(argv),
      options,
      strict: true,
      allowPositionals: false,
      tokens: true,
    })
    refuseRepeats(tokens, options)
    return values
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError('usage', undefined, `${firstSentence(cause)}; see vtepd --help`, { cause })
  }
}

/** To parseArgs `--flag -1` is ambiguous. No flag is a number, so it is a value, and refused as one. */
function joinNegatives(argv: readonly string[]): string[] {
  const joined: string[] = []
  for (const word of argv) {
    const former = joined.at(-1)
    if (/^-[0-9]/.test(word) && former?.startsWith('--') === true && !former.includes('='))
      joined[joined.length - 1] = `${former}=${word}`
    else joined.push(word)
  }
  return joined
}

/** parseArgs lets the last of several win; on a gateway two tunnel addresses are a mistake, not an override. */
function refuseRepeats(
  tokens: readonly { kind: string; name?: string }[],
  options: Readonly<Record<string, { multiple?: boolean }>>,
): void {
  const seen = new Set<string>()
  for (const { kind, name } of tokens) {
    if (kind !== 'option' || name === undefined || options[name]?.multiple === true) continue
    if (seen.has(name)) throw new ConfigError('usage', `--${name}`, 'is given more than once')
    seen.add(name)
  }
}

function firstSentence(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.split(/\.\s|\n/)[0] ?? text
}
