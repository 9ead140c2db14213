import { checkoutPath } from '../lab/checkout.js'
import { run } from '../lab/command.js'

/** Percent of one core that the thread of BFD takes for 256 sessions at 300 ms. The measurement is native/datapath/tests/bfd/scale.rs. */
export async function measureBfd(say: (text: string) => void): Promise<number> {
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
  const [line, share] = /\d+ sessions at \d+ ms: ([\d.]+) % of a core/.exec(output) ?? []
  if (line === undefined) throw new Error(`no result of the measurement of BFD: ${output}`)
  say(`BFD: ${line}\n`)
  return Number(share)
}
