/**
 * Error codes of RFC 7047 sections 3.1, 4 and 5.2 with the extensions of ovsdb-server(7), as the server spells them.
 */
const serverCodes = [
  'aborted',
  'canceled',
  'constraint violation',
  'database not found',
  'domain error',
  'duplicate uuid',
  'duplicate uuid-name',
  'I/O error',
  'not allowed',
  'not leader',
  'not owner',
  'not supported',
  'permission error',
  'range error',
  'referential integrity violation',
  'resources exhausted',
  'syntax error',
  'timed out',
  'unknown database',
  'unknown method',
] as const

type ServerErrorCode = (typeof serverCodes)[number]

/**
 * Why something failed.
 *
 * - a code of the server, see RFC 7047 section 5.2; `timed out` is a `wait` guard that did not hold;
 * - `not connected`: nothing was sent;
 * - `connection lost`: sent, and the connection ended before the reply, so the outcome is unknown;
 * - `connection failed`: the peer could not be reached, or TLS was refused by either side;
 * - `protocol error`: the peer said something that RFC 7047 does not allow;
 * - `peer silent`: no answer to a probe;
 * - `bad value`: a value that does not fit its column, found before anything was sent;
 * - `other`: an error that this list does not know; `details` has the server's words.
 */
export type OvsdbErrorCode =
  | ServerErrorCode
  | 'not connected'
  | 'connection lost'
  | 'connection failed'
  | 'protocol error'
  | 'peer silent'
  | 'bad value'
  | 'other'

/** Where it failed. `row` is a UUID or, for an insert, its uuid-name; `operation` is the index into the caller's list. */
export interface OvsdbErrorContext {
  readonly table?: string | undefined
  readonly row?: string | undefined
  readonly column?: string | undefined
  readonly operation?: number | undefined
  readonly cause?: unknown
}

/** What a peer said may be of any length, and what became of it goes into a log. */
const longest = 1000

/** The one error class of this folder. Decide by `code`; the message is for people. Long texts are cut. */
export class OvsdbError extends Error {
  override readonly name = 'OvsdbError'
  readonly code: OvsdbErrorCode
  readonly details: string
  readonly table: string | undefined
  readonly row: string | undefined
  readonly column: string | undefined
  readonly operation: number | undefined

  constructor(code: OvsdbErrorCode, details: string, context: OvsdbErrorContext = {}) {
    const [words, place] = [
      shortened(details),
      { ...context, table: shortened(context.table), row: shortened(context.row) },
    ]
    super(messageOf(code, words, place), context.cause === undefined ? undefined : { cause: context.cause })
    this.code = code
    this.details = words
    this.table = place.table
    this.row = place.row
    this.column = context.column
    this.operation = context.operation
  }
}

/** The code for the `error` member of an <error> object; a text that is not in the list becomes `other`. */
export function codeOfServerError(text: string): OvsdbErrorCode {
  return serverCodes.find((code) => code === text) ?? 'other'
}

/** Turns whatever was thrown or emitted into an OvsdbError with the original as its cause. */
export function toOvsdbError(thrown: unknown, code: OvsdbErrorCode): OvsdbError {
  if (thrown instanceof OvsdbError) return thrown
  return new OvsdbError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}

function messageOf(code: OvsdbErrorCode, details: string, context: OvsdbErrorContext): string {
  const place = [
    context.operation === undefined ? undefined : `operation ${String(context.operation)}`,
    context.table === undefined ? undefined : `table ${context.table}`,
    context.row === undefined ? undefined : `row ${context.row}`,
    context.column === undefined ? undefined : `column ${context.column}`,
  ].filter((part) => part !== undefined)
  return `${code}${place.length > 0 ? ` (${place.join(', ')})` : ''}${details === '' ? '' : `: ${details}`}`
}

function shortened<T extends string | undefined>(text: T): T | string {
  return text !== undefined && text.length > longest ? `${text.slice(0, longest)}...` : text
}
