import type { z } from 'zod'
import { OvsdbError } from './error.js'

/** Decodes what the peer sent. @throws OvsdbError `protocol error`: what it should have been, and the first place where it is not. */
export function decodeAs<S extends z.ZodType>(schema: S, json: unknown, what: string): z.infer<S> {
  const decoded = schema.safeParse(json)
  if (decoded.success) return decoded.data
  const [issue] = decoded.error.issues
  const place = issue && issue.path.length > 0 ? ` at ${issue.path.map(String).join('.')}` : ''
  throw new OvsdbError('protocol error', `not ${what}: ${issue?.message ?? ''}${place}`, { cause: decoded.error })
}
