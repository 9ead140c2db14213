/** `in_use`: another gateway owns the network namespace's VXLAN port; `not_built`: the native module cannot be loaded. */
export type DatapathErrorCode = 'no_such_device' | 'table_full' | 'invalid' | 'in_use' | 'kernel' | 'not_built'

const CODES: readonly DatapathErrorCode[] = ['no_such_device', 'table_full', 'invalid', 'in_use', 'kernel']

/** Why a call of the data plane failed as a whole. */
export class DatapathError extends Error {
  override readonly name = 'DatapathError'
  readonly code: DatapathErrorCode

  constructor(code: DatapathErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The native module has a code and a colon before its message. */
export function toDatapathError(thrown: unknown): DatapathError {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const code = CODES.find((known) => text.startsWith(`${known}: `))
  return code === undefined
    ? new DatapathError('kernel', text, { cause: thrown })
    : new DatapathError(code, text.slice(code.length + 2), { cause: thrown })
}
