/** Numbers in [0, 1). */
export type Random = () => number

/** What is put into a stream: parts of JSON, of UTF-8 and of the protocol that readers have stumbled over. */
const tokens = [
  ...['{', '}', '[', ']', '"', '\\', ',', ':', '\\"', '\\u0000', '\\ud800', '{}', '[]', '""', 'null', '-', '1e400'],
  ...['"__proto__":', '"constructor":', '99999999999999999999', '-0', '["set",[]]', '["map",[]]', '["uuid","x"]'],
  ...['{"id":"e","method":"echo","params":[]}', '{"method":"monitor_canceled","params":[]}', '\u{1f6f0}', '\u2028'],
].map((text) => Buffer.from(text))
const brokenUtf8 = [
  [0xff],
  [0xc3],
  [0xe4, 0xb8],
  [0xf0, 0x9f, 0x9b],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  [0],
]

const mostRepeats = 20_000

/** One damage to the bytes, as wires, relays and bad peers do it. `other` is a stream to take parts from. */
export function mutateBytes(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  const at = below(bytes.length + 1)
  const length = random() < 0.7 ? 1 + below(8) : below(bytes.length - at + 1)
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)]
  const inserted = (what: Uint8Array) => Buffer.concat([before, what, part, after])
  switch (below(9)) {
    case 0: {
      const changed = Buffer.from(bytes)
      const place = Math.min(at, bytes.length - 1)
      if (place >= 0) changed[place] = (changed[place] ?? 0) ^ (1 << below(8))
      return changed
    }
    case 1:
      return Buffer.concat([before, after])
    case 2:
      return inserted(part)
    case 3:
      return inserted(tokens[below(tokens.length)] ?? part)
    case 4:
      return inserted(Buffer.from(brokenUtf8[below(brokenUtf8.length)] ?? []))
    case 5:
      return before
    case 6: {
      const from = below(other.length)
      return inserted(other.subarray(from, from + 1 + below(200)))
    }
    case 7:
      return random() < 0.1 ? inserted(Buffer.alloc(part.length * below(mostRepeats / (part.length + 1)), part)) : bytes
    default: {
      const changed = Buffer.from(part).reverse()
      return Buffer.concat([before, changed, after])
    }
  }
}
