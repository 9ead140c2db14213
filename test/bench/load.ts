import { startBackground } from '../lab/background.js'
import { checkoutPath } from '../lab/checkout.js'
import type { Lab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'

/** Which frames; native/loadgen/src/frames.rs says what the numbers mean. */
export interface Pattern {
  /** Of the server's frame without tag, in bytes, check sequence included (RFC 2544 section 9). */
  readonly length: number
  readonly flows: number
  readonly stations: number
  readonly switches: number
  readonly side:
    | { readonly kind: 'access'; readonly isTagged: boolean; readonly isLearning: boolean }
    | {
        readonly kind: 'underlay'
        readonly gatewayMac: readonly number[]
        readonly gatewayIp: string
        readonly vtepIp: string
        readonly firstVni: number
        readonly isTagged: boolean
      }
}

/** Where frames are made or counted. */
export interface LoadEnd {
  readonly namespace: Namespace
  readonly device: string
}

/** One trial (RFC 2544 section 26.1). */
export interface Trial {
  /** Frames a second; without it as many as the generator makes. */
  readonly rate?: number
  readonly durationMs: number
  /** Not more than so many. */
  readonly frames?: number
}

export interface TrialOutcome {
  readonly sent: number
  readonly received: number
  readonly receivedBytes: number
  readonly elapsedNs: number
  /** Of the processors that sent; in a paced trial they wait, which counts too. */
  readonly cpuNs: number
}

/** A generator and a sink that stand. */
export interface Load {
  readonly trial: (trial: Trial) => Promise<TrialOutcome>
  readonly close: () => Promise<void>
}

const PROGRAM = 'native/target/release/loadgen'

/** Puts a generator at one end and a sink at the other; the lab closes what the caller does not. */
export async function openLoad(
  lab: Lab,
  ends: { readonly source: LoadEnd; readonly sink: LoadEnd },
  pattern: Pattern,
  options: { readonly cpus?: readonly number[]; readonly isUnchanged?: boolean } = {},
): Promise<Load> {
  const { cpus = [0], isUnchanged = false } = options
  const { ask, close } = await start(lab, {
    kind: 'trials',
    source: { netns: pathOf(ends.source.namespace), device: ends.source.device },
    sink: { netns: pathOf(ends.sink.namespace), device: ends.sink.device },
    pattern,
    cpus,
    isUnchanged,
  })
  return { trial: async (trial) => (await ask(trial)) as TrialOutcome, close }
}

/** Has frames of a pattern that enter one device of a namespace leave by another, as they are. The answer ends it. */
export async function openShunt(
  lab: Lab,
  namespace: Namespace,
  from: string,
  to: string,
  pattern: Pattern,
): Promise<() => Promise<void>> {
  return (await start(lab, { kind: 'shunt', netns: pathOf(namespace), from, to, pattern })).close
}

function pathOf(namespace: Namespace): string {
  return `/run/netns/${namespace.name}`
}

async function start(
  lab: Lab,
  job: object,
): Promise<{ readonly ask: (question: object) => Promise<unknown>; readonly close: () => Promise<void> }> {
  const loadgen = startBackground([checkoutPath(PROGRAM)])
  lab.own(() => loadgen.stop())
  const answers: string[] = []
  let wake: () => void = () => undefined
  loadgen.onLine((line) => {
    answers.push(line)
    wake()
  })
  const ended = loadgen.exited.then(() => {
    throw new Error(`loadgen ended: ${loadgen.output()}`)
  })
  ended.catch(() => undefined) // whoever asks hears of it
  const ask = async (question: object): Promise<unknown> => {
    const answered = new Promise<void>((resolve) => (wake = resolve))
    loadgen.stdin.write(`${JSON.stringify(question)}\n`)
    await Promise.race([answered, ended])
    return JSON.parse(answers.shift() ?? '') as unknown
  }
  await ask(job)
  return {
    ask,
    close: async () => {
      loadgen.stdin.end()
      await loadgen.exited
    },
  }
}
