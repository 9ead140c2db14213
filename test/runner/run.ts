import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { closingLine, noOutcome, sum } from './outcome.js'
import { runCargo } from './run-cargo.js'
import { runTap } from './run-tap.js'

/**
 * Runs every test, or those whose path holds one of the words given (`native` stands for the Rust tests), and ends with
 * one line that counts what really ran. The exit status is 1 when a test failed or none ran.
 */
const top = resolve(import.meta.dirname, '../../..')
const words = process.argv.slice(2)
const isChosen = (path: string): boolean => words.length === 0 || words.some((word) => path.includes(word))

const compiled = await readdir(join(top, 'dist-test/test'), { recursive: true })
const files = compiled
  .filter((path) => path.endsWith('.test.js'))
  .map((path) => join('dist-test/test', path))
  .filter(isChosen)
  .sort()
const fromTap = files.length === 0 ? noOutcome() : await runTap(top, files)
const fromCargo = isChosen('native') ? await runCargo(top) : noOutcome()

const outcome = sum(fromTap, fromCargo)
const ran = outcome.passed + outcome.failed
if (ran === 0) console.log('no test ran')
console.log(closingLine(outcome))
process.exitCode = ran === 0 || outcome.failed > 0 ? 1 : 0
