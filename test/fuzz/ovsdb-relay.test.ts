import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { memoryMb } from '../bench/process-usage.js'
import { type ByteRelay, openByteRelay } from '../lab/byte-relay.js'
import { checkoutPath } from '../lab/checkout.js'
import { seededRandom } from '../lab/seeded-random.js'
import { until } from '../lab/until.js'
import { controllerSteps } from './controller-steps.js'
import { opening } from './opening.js'
import { openSite, type Site } from './site.js'
import { startDamage } from './stream/damage.js'

const seconds = Number(process.env.FUZZ_SECONDS ?? 15)
const leastRounds = 5
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
/** A daemon at rest takes some 100 MB; of the hugest message it holds a few copies. */
const mostMb = 600
/** A daemon waits ever longer before it connects again; another one begins anew. */
const roundsOfDaemon = 4

t.setTimeout(0)
t.test(
  `however the way to the database is damaged, the gateway comes back to what it says (SEED=${seed})`,
  async (t) => {
    t.setTimeout((seconds + 240) * 1000)
    const random = seededRandom(seed)
    const damage = startDamage(random)
    const relays: ByteRelay[] = []
    const site = await openSite(t, {
      mode: 'tc',
      relay: async ({ socket }) => {
        const relay = await openByteRelay(socket, 'damaged', damage.open)
        t.teardown(relay.close)
        relays.push(relay)
        return relay.path
      },
    })
    const cut = () => relays.forEach((relay) => relay.cut())
    const isConnected = () => Promise.resolve(relays.some((relay) => relay.connections() > 0))
    const next = controllerSteps(seed)
    const done: string[] = []
    let [fences, peakMb, disconnected] = [0, 0, 0]

    const writeSomething = async () => {
      const step = next(site.replica())
      if (step.kind === 'restart') return
      done.push(`  ${step.what}: ${JSON.stringify(step.operations)}`)
      const refused = await site.transact(step.operations)
      if (refused !== undefined) done.push(`    refused: ${refused}`)
      await site.fence(++fences)
      await setTimeout(random() * 600)
    }
    const heal = async () => {
      damage.off()
      cut()
      await site.fence(++fences)
      await site.settle()
      const memory = memoryMb(site.daemon().pid)
      if (memory.now > mostMb) throw new Error(`the daemon holds ${Math.round(memory.now)} MB`)
      peakMb = Math.max(peakMb, memory.peak)
    }
    const replaceDaemon = async () => {
      disconnected += site.daemon().output().split('ovsdb_disconnected').length - 1
      await site.stopDaemon('SIGTERM')
      await site.startDaemon()
    }

    const end = Date.now() + seconds * 1000
    let round = 0
    try {
      await site.transact(opening)
      await site.settle()
      while (round < leastRounds || Date.now() < end) {
        done.push(`round ${++round}`)
        await until('the daemon to be connected', isConnected)
        damage.on()
        // Some things are said on a new connection only: the dump, the schema, the lock.
        if (random() < 0.5) cut()
        for (let count = 0; count < 3; count++) await writeSomething()
        await heal()
        if (round % roundsOfDaemon === 0) await replaceDaemon()
      }
      await until('the gateway in the database', () => Promise.resolve(isPublished(site)))
      await replaceDaemon()
    } catch (error) {
      const told = keep(damage.told())
      const words = `SEED=${seed}; what the daemon was told is in ${told}; after\n${done.join('\n')}`
      throw new Error(`${String(error)}\n${words}`, { cause: error })
    }
    t.comment(
      `${round} rounds, ${damage.count()} damages, ${disconnected} connections lost, at most ${Math.round(peakMb)} MB`,
    )
    t.ok(damage.count() > 0, 'the connection was damaged')
    t.ok(disconnected >= round, 'the daemon saw it')
  },
)

function isPublished(site: Site): boolean {
  const own = [...site.replica().table('Physical_Switch').values()].find(({ name }) => name === 'gw')
  return own?.ports.length === 2
}

/** An input that `ovsdb-stream` can try. */
function keep(told: Buffer): string {
  const directory = checkoutPath('test/fuzz/findings/ovsdb-relay')
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `${seed}`)
  writeFileSync(file, told)
  return file
}
