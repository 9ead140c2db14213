import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutPath } from '../../lab/checkout.js'

export interface HuntOptions {
  /** For what is needed meanwhile. */
  readonly directory: string
  /** A folder of inputs to begin with. */
  readonly corpus: string
  readonly seconds: number
  readonly leastRuns: number
  readonly seed: number
  /** Where inputs lie that were found, which are tried first; default: in the tree. */
  readonly found?: string
}

export type Hunt =
  | { readonly kind: 'found'; readonly wrong: string; readonly file: string }
  | {
      readonly kind: 'nothing'
      readonly runs: number
      /** Blocks of code that the inputs to begin with reached, and all together. */
      readonly before: number
      readonly after: number
      readonly kept: number
      readonly peakMb: number
    }

/** Half of it is for what a client may hold, the other for the engine's counts. */
const heapMb = 512
/** Without a sign of life. */
const hangMs = 60_000

/** Tries inputs in a process of its own; the one that is read wrongly, or ends or hangs the process, is kept. */
export async function huntInStreams(options: HuntOptions): Promise<Hunt> {
  const { directory, corpus, seconds, leastRuns, seed } = options
  const found = options.found ?? checkoutPath('test/fuzz/findings/ovsdb-stream')
  const current = join(directory, 'current')
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, checkoutPath('dist-test/test/fuzz/ovsdb-stream-child.js')],
    {
      env: {
        ...process.env,
        ...{ CORPUS: corpus, FOUND: found, CURRENT: current },
        ...{ SEED: `${seed}`, SECONDS: `${seconds}`, RUNS: `${leastRuns}` },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  const take = (text: string) => (output += text)
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  const late = setTimeout(() => child.kill('SIGKILL'), seconds * 1000 + hangMs)
  const status = await new Promise((ended) => child.on('close', (code, signal) => ended(code ?? signal)))
  clearTimeout(late)
  if (status === 0)
    return { kind: 'nothing', ...(JSON.parse(output) as Omit<Extract<Hunt, { kind: 'nothing' }>, 'kind'>) }
  const input = existsSync(current) ? readFileSync(current) : Buffer.of()
  const file = join(found, createHash('sha1').update(input).digest('hex'))
  writeFileSync(file, input)
  return { kind: 'found', wrong: `${String(status)}: ${output.slice(-4000)}`, file }
}
