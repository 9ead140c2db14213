import { mutateBytes, type Random } from './mutate-bytes.js'
import { mutateOrder, mutateTree } from './mutate-messages.js'
import { connectionsOf, inputOf, textsOf } from './texts.js'

/** One to four damages to one of the connections of an input; `other` is an input to take parts from. */
export function mutateStream(input: Buffer, other: Buffer, random: Random): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  const connections = connectionsOf(input)
  const others = connectionsOf(other)
  const number = below(connections.length)
  const spare = others[below(others.length)] ?? Buffer.of()
  let stream = connections[number] ?? Buffer.of()
  for (let count = 1 + below(4); count > 0; count--) stream = mutateTexts(stream, spare, random)
  connections[number] = stream
  return inputOf(connections)
}

/** One damage to what is said on one connection. Messages have equal chances, however long they are: the longest one is the schema. */
export function mutateTexts(stream: Buffer, spare: Buffer, random: Random): Buffer {
  const { texts, rest } = textsOf(stream)
  const list = [...texts]
  const at = Math.floor(random() * list.length)
  const chosen = list[at]
  const kind = random()
  if (chosen === undefined || kind < 0.05) return mutateBytes(stream, spare, random)
  if (kind < 0.25) return Buffer.concat([...mutateOrder(list, textsOf(spare).texts, random), rest])
  list[at] = kind < 0.5 || isDeep(chosen) ? mutateBytes(chosen, spare, random) : mutateTree(chosen, random)
  return Buffer.concat([...list, rest])
}

/** Too deep to be walked through. */
function isDeep(text: Buffer): boolean {
  let depth = 0
  return text.some((byte) => {
    if (byte === 0x5b || byte === 0x7b) depth += 1
    if (byte === 0x5d || byte === 0x7d) depth -= 1
    return depth > 500
  })
}
