import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../lab/seeded-random.js'
import { startCoverage } from './stream/coverage.js'
import { mutateStream } from './stream/mutate-stream.js'
import { tryInput } from './stream/trial.js'

/**
 * Tries inputs until one is found that is read wrongly: those that are there first, then what becomes of them by damages. An input
 * that reaches what none before has reached is kept to be damaged further.
 *
 * It runs as a process of its own, so that an input may end it or hang: `CURRENT` holds the one that is being tried.
 */
const { CORPUS = '', FOUND = '', CURRENT = '', SEED = '1', SECONDS = '1', RUNS = '0', INPUT = '' } = process.env
const random = seededRandom(Number(SEED))
const socket = `${CURRENT}.sock`
const mostBytes = 256 * 1024

const attempt = async (input: Buffer): Promise<void> => {
  writeFileSync(CURRENT, input)
  const wrong = await tryInput(socket, input, random)
  if (wrong !== undefined) end(wrong)
}
const end = (wrong: string): never => {
  console.log(wrong)
  process.exit(3)
}
process.on('uncaughtException', (error) => end(`an exception: ${error.stack}`))
process.on('unhandledRejection', (error) => end(`an unhandled rejection: ${String(error)}`))

const filesIn = (directory: string): Buffer[] =>
  readdirSync(directory)
    .sort()
    .map((name) => readFileSync(join(directory, name)))

mkdirSync(FOUND, { recursive: true })
// Whether a cut matters is a matter of luck.
const given = INPUT === '' ? [] : [readFileSync(INPUT)]
for (const input of [...given, ...filesIn(FOUND)]) for (let time = 0; time < 5; time++) await attempt(input)

const corpus = filesIn(CORPUS)
const coverage = startCoverage()
for (const input of corpus) await attempt(input)
const before = coverage.news()

const deadline = Date.now() + Number(SECONDS) * 1000
const pick = () => corpus[Math.floor(random() * corpus.length)]!
let runs = 0
while (Date.now() < deadline || runs < Number(RUNS)) {
  const input = mutateStream(pick(), pick(), random)
  if (input.length > mostBytes) continue
  await attempt(input)
  runs += 1
  if (coverage.news() > 0) corpus.push(input)
}
coverage.close()
rmSync(CURRENT, { force: true })
console.log(
  JSON.stringify({
    runs,
    before,
    after: coverage.known(),
    kept: corpus.length,
    peakMb: process.resourceUsage().maxRSS / 1024,
  }),
)
process.exit(0)
