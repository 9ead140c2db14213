import t from 'tap'
import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'

const messages = [
  { id: 1, result: [], error: null },
  { text: 'braces } ] { [ and "quotes" and a backslash at the end \\' },
  { text: 'Zürich 北京 🛰', nested: [{ deep: [[['}']]] }] },
  { escapes: '\u0000\n\t\\"\\\\"' },
]
const stream = Buffer.from(messages.map((message) => JSON.stringify(message)).join(' \n'))

function split(chunks: Iterable<Uint8Array>, limitBytes?: number): unknown[] {
  const splitter = createJsonTextSplitter(limitBytes)
  const found: unknown[] = []
  for (const chunk of chunks) splitter.push(chunk, (text) => found.push(JSON.parse(text)))
  return found
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

t.test('messages are found however the stream is cut', (t) => {
  for (let size = 1; size <= stream.length; size++)
    t.strictSame(split(pieces(stream, size)), messages, `chunks of ${size}`)
  t.end()
})

t.test('a message is reported as soon as its last byte is there', (t) => {
  const splitter = createJsonTextSplitter()
  const found: string[] = []
  splitter.push(Buffer.from('{"a":1}{"b"'), (text) => found.push(text))
  t.strictSame(found, ['{"a":1}'])
  splitter.push(Buffer.from(':2}'), (text) => found.push(text))
  t.strictSame(found, ['{"a":1}', '{"b":2}'])
  t.end()
})

t.test('one text of many megabytes costs time in proportion to its length', (t) => {
  const timeOf = (rows: number) => {
    const text = Buffer.from(JSON.stringify({ rows: Array.from({ length: rows }, (_, i) => `row "${i}" {`) }))
    const begin = performance.now()
    t.equal(split(pieces(text, 1024)).length, 1)
    return performance.now() - begin
  }
  timeOf(50_000)
  const one = timeOf(100_000)
  const eight = timeOf(800_000)
  t.ok(eight < one * 8 * 4, `8 times the text took ${(eight / one).toFixed(1)} times as long`)
  t.end()
})

t.test('a message beyond the limit is refused before it has ended', (t) => {
  t.strictSame(split([Buffer.from('{"a":"0123456789"}')], 10), [{ a: '0123456789' }], 'what is complete needs no room')
  t.throws(() => split([Buffer.from('{"a":"01234'), Buffer.from('56789')], 10), {
    code: 'protocol error',
    message: /longer than 10 bytes/,
  })
  t.end()
})

t.test('a peer that speaks something else is refused with its first words', (t) => {
  t.throws(() => split([Buffer.from('HTTP/1.1 400 Bad Request\r\n')]), {
    code: 'protocol error',
    message: /does not speak OVSDB.*HTTP\/1\.1 400/,
  })
  t.throws(() => split([Buffer.from('{"a":1}]')]), { code: 'protocol error' }, 'a closing bracket too many')
  t.throws(() => split([Buffer.from('[1]')]), { code: 'protocol error' }, 'an array is no message')
  t.end()
})

t.test('bytes that are no UTF-8 are refused', (t) => {
  t.throws(() => split([Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]), {
    code: 'protocol error',
    message: /not UTF-8/,
  })
  t.end()
})

t.test('a message that is nested too deep to be answered is refused', async (t) => {
  const nested = (depth: number) =>
    Buffer.from(`{"id":1,"method":"echo","params":${'['.repeat(depth)}${']'.repeat(depth)}}`)
  t.throws(() => split([nested(100_000)]), { code: 'protocol error' })
  t.equal(split([nested(999)]).length, 1)
})
