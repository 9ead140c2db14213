import type { Random } from './mutate-bytes.js'

/** One damage to the order of the messages: nothing in them changes. */
export function mutateOrder(texts: readonly Buffer[], others: readonly Buffer[], random: Random): Buffer[] {
  const below = (limit: number) => Math.floor(random() * limit)
  const [one, two] = [below(texts.length), below(texts.length)]
  const list = [...texts]
  switch (below(4)) {
    case 0:
      list.splice(one, 1)
      return list
    case 1:
      list.splice(two, 0, texts[one] ?? Buffer.of())
      return list
    case 2:
      list[one] = texts[two] ?? Buffer.of()
      list[two] = texts[one] ?? Buffer.of()
      return list
    default:
      list.splice(one, 0, others[below(others.length)] ?? Buffer.of())
      return list
  }
}

const words = ['__proto__', 'constructor', 'toString', '', 'initial', 'insert', 'modify', 'delete', 'new', 'old', 'id']
const values: readonly unknown[] = [
  ...[null, true, false, 0, -0, 1, -1, 2 ** 31, 2 ** 53, 1.5, 1e300, '', 'x', '\u0000', '\ud800', [], {}, [[]]],
  ...[
    ['set', []],
    ['map', []],
    ['set', [1, 1]],
    ['map', [[1, 2, 3]]],
    [
      'map',
      [
        ['a', 'b'],
        ['a', 'c'],
      ],
    ],
    ['uuid', 'x'],
  ],
  ...[['uuid', '0A000000-0000-4000-8000-000000000001'], ['named-uuid', 'x'], { __proto__: null, a: 1 }],
]

/** One damage inside of a message that leaves it JSON. */
export function mutateTree(text: Buffer, random: Random): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  const tree = JSON.parse(text.toString()) as unknown
  const nodes: unknown[] = []
  const list = (node: unknown): void => {
    nodes.push(node)
    if (typeof node === 'object' && node !== null) Object.values(node).forEach(list)
  }
  list(tree)
  const pick = () => (random() < 0.5 ? values[below(values.length)] : nodes[below(nodes.length)])

  let left = below(nodes.length)
  const changed = (node: unknown): unknown => {
    if (left-- === 0) return harm(node)
    if (Array.isArray(node)) return (node as unknown[]).map(changed)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([key, value]): [string, unknown] => [key, changed(value)]))
  }
  const harm = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null || random() < 0.4) return pick()
    const entries: [string, unknown][] = Object.entries(node)
    const at = below(entries.length)
    const choice = below(3)
    if (choice === 0) entries.splice(at, 1)
    else if (choice === 1) entries.push([words[below(words.length)] ?? '', pick()])
    else entries[at] = [words[below(words.length)] ?? '', entries[at]?.[1]]
    const harmed = entries.map(([, value]) => value)
    // Of entries, members get any name as their own, `__proto__` too.
    return Array.isArray(node) ? harmed : Object.fromEntries(entries)
  }
  return Buffer.from(JSON.stringify(changed(tree)))
}
