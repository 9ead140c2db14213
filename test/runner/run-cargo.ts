import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { noOutcome, type Outcome } from './outcome.js'

/**
 * Runs the tests of the Cargo workspace and sums its `test result:` lines.
 *
 * @param top the top folder of the tree
 */
export async function runCargo(top: string): Promise<Outcome> {
  const outcome = noOutcome()
  const args = ['test', '--manifest-path', 'native/Cargo.toml', '--workspace', '--no-fail-fast', '--quiet']
  const cargo = spawn('cargo', args, { cwd: top, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<number | null>((resolve, reject) => {
    cargo.on('error', reject)
    cargo.on('close', resolve)
  })
  for await (const line of createInterface(cargo.stdout)) {
    console.log(line)
    const counts = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line)
    outcome.passed += Number(counts?.[1] ?? 0)
    outcome.failed += Number(counts?.[2] ?? 0)
    outcome.skipped += Number(counts?.[3] ?? 0)
  }
  if ((await exited) !== 0 && outcome.failed === 0) outcome.failed = 1
  return outcome
}
