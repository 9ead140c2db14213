/** What parts the connections of an input: a byte that JSON never has outside of escapes. */
const separator = '\0\0'

/** The connections of an input, in bytes. */
export function connectionsOf(input: Uint8Array): Buffer[] {
  return Buffer.from(input)
    .toString('latin1')
    .split(separator)
    .map((part) => Buffer.from(part, 'latin1'))
}

export function inputOf(connections: readonly Uint8Array[]): Buffer {
  return Buffer.concat(connections.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(separator), part])))
}

/**
 * The JSON texts that a stream begins with, and what is left where the next one cannot be found. It is Node's own parser that says where
 * one ends, so nothing is shared with the splitter of the client.
 */
export function textsOf(stream: Uint8Array): { readonly texts: readonly Buffer[]; readonly rest: Buffer } {
  let left = Buffer.from(stream).toString('latin1')
  const texts: Buffer[] = []
  for (;;) {
    const length = lengthOfFirst(left)
    if (length === 0) return { texts, rest: Buffer.from(left, 'latin1') }
    texts.push(Buffer.from(left.slice(0, length), 'latin1'))
    left = left.slice(length)
  }
}

/** 0: there is none. */
function lengthOfFirst(stream: string): number {
  try {
    JSON.parse(stream)
    return stream.length
  } catch (error) {
    const length = Number(/ at position (\d+)/.exec(String(error))?.[1] ?? 0)
    return length > 0 && isJson(stream.slice(0, length)) ? length : 0
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
