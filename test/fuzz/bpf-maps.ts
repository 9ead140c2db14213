import type { Namespace } from '../lab/namespace.js'

/** An entry of a map as bpftool prints it with the types that the programs carry. */
export interface Entry<K, V> {
  readonly key: K
  readonly value: V
}

/** The maps of the gateway in a namespace, read with bpftool: what the daemon believes has no part in it. */
export interface BpfMaps {
  /** All that the maps hold. */
  readonly dump: (...names: readonly string[]) => Promise<ReadonlyMap<string, readonly Entry<unknown, unknown>[]>>
  /** Entries of a large array, in the order of their numbers. */
  readonly lookUp: <V>(name: string, numbers: readonly number[]) => Promise<readonly V[]>
}

/** Finds the maps by a program that uses them. */
export async function openMaps(namespace: Namespace): Promise<BpfMaps> {
  /** One process for all: a process costs more than what it prints. */
  const bpftool = async <T>(commands: readonly (readonly string[])[]): Promise<readonly T[]> => {
    if (commands.length === 0) return []
    const input = `${commands.map((words) => words.join(' ')).join('\n')}\n`
    const answers = JSON.parse(await namespace.run(['bpftool', '--json', 'batch', 'file', '-'], { input })) as {
      output: T
    }[]
    if (answers.length !== commands.length) throw new Error(`${answers.length} answers to ${commands.length} commands`)
    return answers.map(({ output }) => output)
  }
  const filters = await namespace.run(['tc', '-json', 'filter', 'show', 'dev', 'vtep-vxlan', 'ingress'])
  const program = /"prog":\{"id":(\d+)/.exec(filters)?.[1]
  if (program === undefined) throw new Error(`vtep-vxlan has no program: ${filters}`)
  const [shown] = await bpftool<{ map_ids: readonly number[] }>([['prog', 'show', 'id', program]])
  const ids = (shown?.map_ids ?? []).map(String)
  const maps = await bpftool<{ name: string }>(ids.map((id) => ['map', 'show', 'id', id]))
  const idOf = (name: string): string => {
    const id = ids[maps.findIndex((map) => map.name === name)]
    if (id === undefined) throw new Error(`no map is named ${name}`)
    return id
  }

  return {
    dump: async (...names) => {
      const dumps = await bpftool<readonly { formatted: Entry<unknown, unknown> }[]>(
        names.map((name) => ['map', 'dump', 'id', idOf(name)]),
      )
      return new Map(names.map((name, index) => [name, (dumps[index] ?? []).map(({ formatted }) => formatted)]))
    },
    lookUp: async <V>(name: string, numbers: readonly number[]) => {
      const commands = numbers.map((number) => ['map', 'lookup', 'id', idOf(name), 'key', ...bytesOf(number)])
      const found = await bpftool<{ formatted: Entry<number, V> }>(commands)
      return found.map(({ formatted }) => formatted.value)
    },
  }
}

/** A key of four bytes in the order of the machine, which is little-endian wherever the gateway runs. */
function bytesOf(number: number): readonly string[] {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(number)
  return [...bytes].map((byte) => `0x${byte.toString(16)}`)
}
