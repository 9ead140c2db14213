import { spawn } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { nativeTargets, runNative } from './native-target.js'

/**
 * `make fuzz T=60 F=NAME`: each target for T seconds, or the one that F names. A line for each says how many inputs ran, how
 * coverage grew, and where an input lies that was found; the exit status is 1 when there is one.
 */
const top = resolve(import.meta.dirname, '../../..')
const { T: time = '', F: only = '' } = process.env
const seconds = time === '' ? 60 : Number(time)

/** Targets that are tests of their own: they print what they did. */
const testFiles = ['ovsdb-stream', 'ovsdb-relay', 'random-controller']

const names = [...nativeTargets, ...testFiles].filter((name) => only === '' || name === only)
if (names.length === 0 || !(seconds > 0)) {
  console.error(`make fuzz T=SECONDS F=NAME, where NAME is one of ${[...nativeTargets, ...testFiles].join(', ')}`)
  process.exit(2)
}

const found: string[] = []
for (const name of names) {
  const isClean = nativeTargets.includes(name) ? await fuzzNative(name) : await runTest(name)
  if (!isClean) found.push(name)
}
console.log(found.length === 0 ? 'nothing was found' : `found something: ${found.join(', ')}`)
process.exitCode = found.length === 0 ? 0 : 1

async function fuzzNative(name: string): Promise<boolean> {
  const corpus = join(top, 'native/target/fuzz-corpus', name)
  await mkdir(corpus, { recursive: true })
  const { status, runs, coverage, output } = await runNative(top, name, corpus, [`-max_total_time=${seconds}`])
  const [before = 0, after = 0] = coverage
  const size = (await readdir(corpus)).length
  console.log(`${name}: ${runs} inputs, coverage ${before} -> ${after} edges, ${size} inputs in ${corpus}`)
  if (status !== 0) console.log(output.split('\n').slice(-60).join('\n'))
  return status === 0
}

async function runTest(name: string): Promise<boolean> {
  console.log(`${name}:`)
  const child = spawn(process.execPath, [join(top, 'dist-test/test/fuzz', `${name}.test.js`)], {
    env: { ...process.env, FUZZ_SECONDS: `${seconds}`, TAP_TIMEOUT: '0' },
    stdio: 'inherit',
  })
  return (await new Promise((ended) => child.on('close', ended))) === 0
}
