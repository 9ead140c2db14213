import { execFileSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { allPassed, compare, describeComparison, markdownComparison } from './comparison.js'
import { runTap } from './run-tap.js'
import type { Verdict } from './tap-outcome.js'

/**
 * Plays the acceptance suite on this gateway in both modes and on ovs-vtep, or those lines whose file's path holds one of the words
 * given, and prints how each fared; the same is in `.tap/compare.json` and, short, in `.tap/compare.md`. The exit status is 1 when
 * this gateway failed somewhere or nothing ran, whatever became of ovs-vtep.
 */
const top = resolve(import.meta.dirname, '../../..')
const words = process.argv.slice(2)
const ours = ['tc', 'xdp']
const subjects = [...ours, 'ovs-vtep']

const files = (await readdir(join(top, 'dist-test/test/acceptance')))
  .filter((file) => file.endsWith('.test.js') && (words.length === 0 || words.some((word) => file.includes(word))))
  .map((file) => join('dist-test/test/acceptance', file))
  .sort()
const verdicts: Verdict[] = []
await runTap(top, files, {
  env: { VTEPGW_MODES: subjects.join(',') },
  // A subject that fails waits for as long as it may take, at every sentence.
  fileTimeLimitS: 1200,
  onVerdict: (verdict) => verdicts.push(verdict),
})

const lines = compare(verdicts, subjects)
const [version = ''] = execFileSync('ovs-vswitchd', ['--version'], { encoding: 'utf8' }).split('\n')
console.log(`\n${describeComparison(lines, subjects)}\n\novs-vtep of ${version}, its datapath in user space`)
await writeFile(join(top, '.tap/compare.json'), `${JSON.stringify({ version, lines }, undefined, 2)}\n`)
await writeFile(join(top, '.tap/compare.md'), `${markdownComparison(lines, subjects)}\n`)
process.exitCode = lines.length > 0 && allPassed(lines, ours) ? 0 : 1
