export type ConfigErrorCode = 'usage' | 'file' | 'value' | 'box' | 'claimed'

/** One clear sentence for the operator, beginning with the flag or file:line that is wrong. */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode

  constructor(code: ConfigErrorCode, origin: string | undefined, message: string, options?: ErrorOptions) {
    super(origin === undefined ? message : `${origin}: ${message}`, options)
    this.name = 'ConfigError'
    this.code = code
  }
}
