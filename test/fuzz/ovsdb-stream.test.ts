import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomInt } from 'node:crypto'
import t from 'tap'
import { huntInStreams } from './stream/hunt.js'
import { recordSessions } from './stream/record.js'

const seconds = Number(process.env.FUZZ_SECONDS ?? 8)
const leastRuns = 200
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

t.setTimeout(0)
t.test(
  `whatever a database server says, the replica is what its messages say, or the session ends (SEED=${seed})`,
  async (t) => {
    t.setTimeout((seconds + 120) * 1000)
    const directory = await mkdtemp(join(tmpdir(), 'vtep-stream-'))
    t.teardown(() => rm(directory, { recursive: true, force: true }))
    const corpus = join(directory, 'corpus')
    await recordSessions(t, corpus, seed)
    const hunt = await huntInStreams({ directory, corpus, seconds, leastRuns, seed })
    if (hunt.kind === 'found') throw new Error(`${hunt.wrong}\nthe input is in ${hunt.file}`)
    const { runs, before, after, kept, peakMb } = hunt
    t.comment(`${runs} inputs, ${before} -> ${after} blocks, ${kept} kept, ${Math.round(peakMb)} MB`)
    t.ok(runs >= leastRuns)
    t.ok(before > 100 && after > before, `coverage went from ${before} to ${after} blocks`)
  },
)
