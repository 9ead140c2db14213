export type EmbeddedErrorCode = 'not installed' | 'database' | 'start' | 'claimed' | 'orphan'

/** Why the daemon's own ovsdb-server does not run; the message names the file or the command. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
  readonly code: EmbeddedErrorCode

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
