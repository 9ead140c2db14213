import { isDeepStrictEqual } from 'node:util'
import { naiveReplica } from './naive-replica.js'
import { talk, type Outcome } from './peer.js'
import { connectionsOf, textsOf } from './texts.js'

const names = (value: object): string => Reflect.ownKeys(value).map(String).join()
const prototypes = [Object.prototype, Array.prototype, Map.prototype, Function.prototype, String.prototype]
const pristine = prototypes.map(names)

/** An error is for a log. */
const mostWords = 4000

/**
 * Has clients read an input: message by message, and cut at places that `random` chooses, or nowhere.
 *
 * @returns what is wrong; undefined: the replica holds what the messages say that were accepted, whatever the cuts, and each connection
 * ended with an OvsdbError
 */
export async function tryInput(path: string, input: Uint8Array, random: () => number): Promise<string | undefined> {
  const streams = connectionsOf(input)
  const [reference, model] = await talkByMessage(path, streams)
  const naive = model.tables()
  if (!isDeepStrictEqual(reference.tables, naive))
    return `the replica is not what was said: ${differenceOf(naive, reference.tables)}`
  const isAtOneGo = random() < 0.3
  const chunks = streams.map((stream) => (isAtOneGo ? [stream] : cutAnywhere(stream, random)))
  const outcome = comparable(await talk(path, chunks))
  if (!isDeepStrictEqual(outcome, comparable(reference))) {
    const sizes = JSON.stringify(chunks.map((list) => list.map(({ length }) => length)))
    return `cut as ${sizes} it reads otherwise: ${differenceOf(comparable(reference), outcome)}`
  }
  const wordy = reference.ends.find((end) => end.length > mostWords)
  if (wordy !== undefined) return `an error of ${wordy.length} characters`
  const polluted = prototypes.findIndex((value, index) => names(value) !== pristine[index])
  return polluted < 0 ? undefined : `a prototype was changed: ${names(prototypes[polluted] ?? {})}`
}

async function talkByMessage(path: string, streams: readonly Buffer[]) {
  const model = naiveReplica()
  const cut = streams.map((stream) => textsOf(stream))
  let sentBefore = ''
  const outcome = await talk(
    path,
    cut.map(({ texts, rest }) => (rest.length === 0 ? texts : [...texts, rest])),
    (connection, chunk, sent, isOver) => {
      const text = cut[connection]?.texts[chunk - 1]
      if (chunk === 0) model.connected()
      if (text !== undefined && !isOver) model.take(text.toString(), sentBefore)
      sentBefore = sent
    },
  )
  return [outcome, model] as const
}

function cutAnywhere(stream: Buffer, random: () => number): Buffer[] {
  const count = random() * (random() < 0.1 ? 100 : 12)
  const cuts = Array.from({ length: count }, () => Math.floor(random() * stream.length)).sort((a, b) => a - b)
  return [...cuts, stream.length].map((end, index) => stream.subarray(cuts[index - 1] ?? 0, end))
}

/** What a client says and sends before it ends a connection itself may be lost on the way; the words of an error quote what had come. */
function comparable({ ends, tables, sent, lock }: Outcome) {
  const reasons = ends.map((end) => end.replace(/, got ".*$/, ''))
  const isWhole = ends.every((end) => end.endsWith('the peer closed the connection'))
  return { ends: reasons, tables, ...(isWhole ? { sent, lock } : {}) }
}

function differenceOf(expected: unknown, found: unknown): string {
  const shown = (value: unknown) => JSON.stringify(value ?? null).slice(0, 500)
  if (typeof expected !== 'object' || typeof found !== 'object' || !expected || !found)
    return `${shown(found)} instead of ${shown(expected)}`
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
  const at = (value: object, key: string) =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  const key = keys.find((name) => !isDeepStrictEqual(at(expected, name), at(found, name))) ?? ''
  return `${key}: ${differenceOf(at(expected, key), at(found, key))}`
}
