import { Session, type Profiler } from 'node:inspector'

/** Which blocks of the control plane run, and roughly how often, as the engine itself counts. */
export interface Coverage {
  /** What ran since the last call and never before: so many blocks, a block that ran far more often than ever counted anew. */
  readonly news: () => number
  readonly known: () => number
  readonly close: () => void
}

/** Only compiled files below this path are looked at. */
const watched = '/dist-test/src/'

export function startCoverage(): Coverage {
  const session = new Session()
  const known = new Set<string>()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

  const take = (): Profiler.ScriptCoverage[] => {
    let result: Profiler.ScriptCoverage[] = []
    session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error
      result = answer.result.filter(({ url }) => url.includes(watched))
    })
    return result
  }
  return {
    news: () => {
      const before = known.size
      for (const { scriptId, functions } of take()) {
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count > 0) known.add(`${scriptId}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count) / 2)}`)
          }
        }
      }
      return known.size - before
    },
    known: () => known.size,
    close: () => session.disconnect(),
  }
}
