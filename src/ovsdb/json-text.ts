import { OvsdbError } from './error.js'

/** Cuts a byte stream into JSON texts. */
export interface JsonTextSplitter {
  /**
   * Takes the next bytes and calls `onText` for each JSON object that they complete.
   *
   * @throws OvsdbError `protocol error` at the first byte that cannot belong to a JSON object, at bytes that are not UTF-8, and when an
   * object grows beyond the limit or is nested too deep. The splitter is of no use afterwards.
   */
  readonly push: (chunk: Uint8Array, onText: (text: string) => void) => void
}

/** A dump of 20,000 rows is about 6 MB; what is far beyond any database is not one. */
const defaultLimitBytes = 256 * 1024 * 1024

/** As deep as ovsdb-server reads JSON itself. What is deeper by far cannot be written again: the stack ends first. */
const deepest = 1000

const quote = 0x22
const backslash = 0x5c
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])
const openBrace = 0x7b
const whitespace = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * JSON-RPC over a stream has no framing (RFC 7047 section 4): the end of a message is the brace that closes it. Each byte is looked at
 * once, whatever the sizes of the chunks, and only completed texts are decoded, so a character may be split between two chunks.
 * Bytes of multi-byte UTF-8 characters are all above 0x7f and cannot be taken for a brace or a quote.
 */
export function createJsonTextSplitter(limitBytes = defaultLimitBytes): JsonTextSplitter {
  let pieces: Uint8Array[] = []
  let pieceBytes = 0
  let depth = 0
  let isInString = false
  let isEscaped = false

  const complete = (last: Uint8Array): string => {
    const bytes = pieces.length === 0 ? last : Buffer.concat([...pieces, last])
    pieces = []
    pieceBytes = 0
    return decodeUtf8(bytes)
  }

  const push = (chunk: Uint8Array, onText: (text: string) => void): void => {
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (isInString) {
        if (isEscaped) isEscaped = false
        else if (byte === backslash) isEscaped = true
        else if (byte === quote) isInString = false
      } else if (depth === 0) {
        if (byte === openBrace) {
          depth = 1
          start = at
        } else if (!whitespace.has(byte)) throw garbage(chunk.subarray(at))
      } else if (byte === quote) isInString = true
      else if (openers.has(byte)) {
        depth++
        if (depth > deepest)
          throw new OvsdbError('protocol error', `a message is nested deeper than ${String(deepest)}`)
      } else if (closers.has(byte)) {
        depth--
        if (depth === 0) onText(complete(chunk.subarray(start, at + 1)))
      }
    }
    if (depth === 0) return
    pieces.push(chunk.subarray(start))
    pieceBytes += chunk.length - start
    if (pieceBytes > limitBytes)
      throw new OvsdbError('protocol error', `a message is longer than ${String(limitBytes)} bytes`)
  }

  return { push }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new OvsdbError('protocol error', 'a message is not UTF-8', { cause })
  }
}

function garbage(bytes: Uint8Array): OvsdbError {
  const shown = JSON.stringify(Buffer.from(bytes.subarray(0, 24)).toString('latin1'))
  return new OvsdbError('protocol error', `the peer does not speak OVSDB: expected a JSON object, got ${shown}`)
}
