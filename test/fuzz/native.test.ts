import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { nativeTargets, runNative } from './native-target.js'

const top = resolve(import.meta.dirname, '../../..')
const runs = 3000

for (const target of nativeTargets) {
  await t.test(
    `${target} stands ${runs} inputs under the sanitizers, and the fuzzer sees what they reach`,
    async (t) => {
      const corpus = await mkdtemp(join(tmpdir(), 'vtep-fuzz-'))
      t.teardown(() => rm(corpus, { recursive: true, force: true }))
      const run = await runNative(top, target, corpus, [`-runs=${runs}`, '-seed=1'])
      t.equal(run.status, 0, run.status === 0 ? 'nothing is found' : run.output.slice(-4000))
      t.ok(run.runs >= runs)
      const [before = 0, after = 0] = run.coverage
      t.ok(before > 0 && after >= before, `coverage went from ${before} to ${after}`)
    },
  )
}
