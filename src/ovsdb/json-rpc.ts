import { z } from 'zod'
import { codeOfServerError, OvsdbError, toOvsdbError, type OvsdbErrorContext } from './error.js'
import type { Json } from './notation.js'

/** A message of JSON-RPC 1.0 as RFC 7047 section 4 uses it. `id` is any JSON value but null. */
export type Message =
  | { readonly kind: 'request'; readonly id: Json; readonly method: string; readonly params: readonly unknown[] }
  | { readonly kind: 'notification'; readonly method: string; readonly params: readonly unknown[] }
  | { readonly kind: 'result'; readonly id: Json; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: Json; readonly error: unknown }

const call = z.object({ method: z.string(), params: z.array(z.unknown()).default([]), id: z.unknown().optional() })
/** Error replies of ovsdb-server may come without `result`, and other servers leave out a null `error`. */
const reply = z.object({ id: z.unknown(), result: z.unknown().optional(), error: z.unknown().optional() })

/** @throws OvsdbError `protocol error` when the text is no message. */
export function decodeMessage(text: string): Message {
  const json = parseJson(text)
  const asCall = call.safeParse(json)
  if (asCall.success) {
    const { method, params, id } = asCall.data
    return isPresent(id)
      ? { kind: 'request', id: id as Json, method, params }
      : { kind: 'notification', method, params }
  }
  const asReply = reply.safeParse(json)
  if (!asReply.success || !isPresent(asReply.data.id)) {
    throw new OvsdbError('protocol error', `not a JSON-RPC message: ${text.slice(0, 80)}`)
  }
  const { id, result, error } = asReply.data
  return isPresent(error) ? { kind: 'error', id: id as Json, error } : { kind: 'result', id: id as Json, result }
}

const errorObject = z.object({ error: z.string(), details: z.string().optional() })

/** An <error> of RFC 7047 section 3.1, or the bare string that ovsdb-server sends for an unknown method. */
export function readServerError(error: unknown, context: OvsdbErrorContext = {}): OvsdbError {
  if (typeof error === 'string') return serverError(error, '', context)
  const object = errorObject.safeParse(error)
  if (object.success) return serverError(object.data.error, object.data.details ?? '', context)
  return new OvsdbError('protocol error', `not an <error>: ${JSON.stringify(error)}`, context)
}

function serverError(text: string, details: string, context: OvsdbErrorContext): OvsdbError {
  const code = codeOfServerError(text)
  const words = code === 'other' ? [text, details].filter((part) => part !== '').join(': ') : details
  return new OvsdbError(code, words, context)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw toOvsdbError(error, 'protocol error')
  }
}

function isPresent(member: unknown): boolean {
  return member !== undefined && member !== null
}
