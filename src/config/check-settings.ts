import type { z } from 'zod'
import { ConfigError } from './config-error.js'
import { settingsSchema, type Origin, type Settings } from './settings.js'

/**
 * The settings in `raw`, which came from one source.
 *
 * @param originOf the place of the value at a path like `ports.1`, for the error.
 * @throws ConfigError for the first thing that is wrong.
 */
export function checkSettings(raw: unknown, originOf: (path: string) => Origin): Settings {
  const checked = settingsSchema.safeParse(raw, { error: sayExpected })
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  if (issue === undefined) throw checked.error
  throw describe(issue, originOf, raw)
}

const EXPECTED: Readonly<Record<string, string>> = { string: 'must be text', array: 'must be a list, as in [a, b]' }

/** For values of a kind that only a YAML file can give; undefined leaves the message to the schema. */
function sayExpected(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined
  const expected = EXPECTED[issue.expected] ?? `must be of the type ${issue.expected}`
  if (issue.input === null || issue.input === undefined) return `has no value: ${expected}`
  const needsQuotes = issue.expected === 'string' && typeof issue.input !== 'object'
  return needsQuotes ? `${expected}: put it in quotes` : expected
}

function describe(issue: z.core.$ZodIssue, originOf: (path: string) => Origin, raw: unknown): ConfigError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    const known = Object.keys(settingsSchema.shape).join(', ')
    return new ConfigError('value', originOf(key), `unknown key «${key}»; the keys are: ${known}`)
  }
  const path = issue.path.join('.')
  const key = issue.path[0]
  const subject = key === undefined ? 'the settings' : `${String(key)} ${quote(valueAt(raw, issue.path))}`.trim()
  const origin = originOf(path)
  if (issue.code !== 'custom') return new ConfigError('value', origin, `${subject}: ${issue.message}`)
  // Such a message quotes the value; a flag says the key.
  const isQuoting = issue.message.startsWith('"')
  return new ConfigError(
    'value',
    origin,
    isQuoting && !origin.startsWith('--') ? `${String(key)}: ${issue.message}` : issue.message,
  )
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    raw,
  )
}

function quote(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? `«${String(value)}»`
    : ''
}
