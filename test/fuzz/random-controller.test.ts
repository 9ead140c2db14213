import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { until } from '../lab/until.js'
import { controllerSteps, type Step } from './controller-steps.js'
import { opening, openingBfd, openingKinds, openingRules } from './opening.js'
import { openSite, type Site } from './site.js'

/** For so many seconds in each mode, and at least so many steps: `make fuzz` asks for more. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 40) / 2
const leastSteps = 15
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

t.setTimeout(0)
for (const mode of ['tc', 'xdp'] as const) {
  t.test(
    `whatever a controller writes, the kernel's tables are what the database says (${mode}, SEED=${seed})`,
    async (t) => {
      t.setTimeout((seconds + 240) * 1000)
      const site = await openSite(t, { mode })
      const done: string[] = []
      const next = controllerSteps(seed)
      const end = Date.now() + seconds * 1000
      let facts = 0
      let number = 0
      const play = async (step: Step) => {
        done.push(`${++number}. ${wordsOf(step)}`)
        const refused = await take(site, step)
        if (refused !== undefined) done.push(`   refused: ${refused}`)
        await site.fence(number)
        const lines = await site.settle()
        facts = Math.max(facts, lines.length)
        return kindsOf(lines)
      }
      try {
        const kinds = await play({ kind: 'transact', what: 'the opening', operations: opening })
        t.same(kinds, openingKinds, 'the kernel was given one of everything')
        await play({ kind: 'transact', what: 'other rules', operations: openingRules })
        await until('tunnels in the database', () => Promise.resolve(site.replica().table('Tunnel').size > 0))
        const more = await play({ kind: 'transact', what: 'BFD', operations: openingBfd })
        t.ok(more.includes('bfd'), 'BFD too')
        while (number < leastSteps || Date.now() < end) await play(next(site.replica()))
      } catch (error) {
        throw new Error(`${String(error)}\nSEED=${seed}, after\n${done.join('\n')}`, { cause: error })
      }
      const count = (word: string) => done.filter((line) => line.includes(word)).length
      t.comment(
        `${number} steps: ${count('refused: ')} refused by the server, ${count(' ends by ')} restarts, ` +
          `${count(' is killed ')} of them amid a transaction; up to ${facts} facts in the kernel`,
      )
    },
  )
}

function kindsOf(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => line.split(' ')[0] ?? ''))].sort()
}

async function take(site: Site, step: Step): Promise<string | undefined> {
  switch (step.kind) {
    case 'transact':
      return site.transact(step.operations)
    case 'restart':
      if (step.part === 'server') await site.restartServer(step.signal)
      else {
        await site.stopDaemon(step.signal)
        await site.startDaemon()
      }
      return undefined
    case 'interrupt': {
      // A server that dies first leaves the outcome to the next look at the database.
      const outcome = site.transact(step.operations).catch((error: unknown) => String(error))
      await setTimeout(step.afterMs)
      if (step.part === 'server') await site.restartServer('SIGKILL')
      else {
        await site.stopDaemon('SIGKILL')
        await site.startDaemon()
      }
      return outcome
    }
  }
}

function wordsOf(step: Step): string {
  if (step.kind === 'restart') return `${step.part} ends by ${step.signal} and starts again`
  const transaction = `${step.what}: ${JSON.stringify(step.operations)}`
  return step.kind === 'transact' ? transaction : `${step.part} is killed ${step.afterMs} ms after ${transaction}`
}
