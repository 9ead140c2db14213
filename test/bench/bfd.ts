import { openFlappingSession } from '../e2e/bfd-flaps.js'
import { checkoutPath } from '../lab/checkout.js'
import { run } from '../lab/command.js'
import { openLab } from '../lab/lab.js'
import { buildScene } from '../lab/scene.js'
import { median } from './measure.js'
import { collectResults, type Result, type Results } from './scale-results.js'

const flaps = 50

/** What BFD costs, and how soon the database says what it found. */
export async function measureBfd(say: (text: string) => void): Promise<readonly Result[]> {
  const results = collectResults(say)
  await measureCost(results)
  await measurePromptness(results)
  return results.all
}

/** The measurement is native/datapath/tests/bfd/scale.rs. */
async function measureCost(results: Results): Promise<void> {
  const cargo = [
    'cargo',
    'test',
    '--quiet',
    '--release',
    '--locked',
    '--manifest-path',
    checkoutPath('native/Cargo.toml'),
  ]
  const output = await run([...cargo, '--package', 'datapath', '--test', 'bfd', '--', '--ignored', '--nocapture'], {
    limitMs: 600_000,
  })
  const [, sessions, share] = /(\d+ sessions at \d+ ms): ([\d.]+) % of a core/.exec(output) ?? []
  if (sessions === undefined) throw new Error(`no result of the measurement of BFD: ${output}`)
  results.add(`${sessions}, of one core`, Number(share), '%')
}

/** From the packet that makes the change to the update at a monitor of the database, in tc mode. */
async function measurePromptness(results: Results): Promise<void> {
  const lab = await openLab()
  try {
    const scene = await buildScene(lab, { mode: 'tc', config: 'stats-interval: 3600\n' })
    const { flap } = await openFlappingSession(scene)
    const delays = await flap(flaps)
    results.add(`a change of state is in the database, median of ${delays.length}`, median(delays), 'ms', 100)
    results.add('the slowest of them', Math.max(...delays), 'ms', 100)
  } finally {
    await lab.close()
  }
}
