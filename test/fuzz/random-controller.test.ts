import { randomInt } from 'node:crypto'
import t from 'tap'
import type { Background } from '../lab/background.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from '../ovsdb/observed-client.js'
import { makeBox } from '../daemon/box.js'
import { controllerSteps, type Step } from './controller-steps.js'
import { desiredTables } from './desired-tables.js'
import { readKernelTables } from './kernel-tables.js'

/** For so many seconds, and at least so many steps: `make fuzz` asks for more. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 30)
const leastSteps = 20
const seed = Number(process.env.SEED ?? randomInt(2 ** 31))

const gateway = { switchName: 'gw', tunnelIp: '10.9.0.1', ports: ['port1', 'port2'] }

t.setTimeout(0)
t.test(`whatever a controller writes, the kernel's tables are what the database says (SEED=${seed})`, async (t) => {
  t.setTimeout((seconds + 240) * 1000)
  const server = await startOvsdbServer()
  t.teardown(server.close)
  const box = await makeBox(t)
  await box.namespace.ip('link add port2 type veth peer name server2', 'link set port2 up', 'link set server2 up')
  const flags = ['--port', 'port2', '--ovsdb', `unix:${server.socket}`]
  const observed = observe(t, `unix:${server.socket}`)
  let daemon: Background = await box.start(...flags)
  const done: string[] = []
  const next = controllerSteps(seed)
  const end = Date.now() + seconds * 1000
  await observed.synced()
  const replica = () => {
    const latest = observed.changes.at(-1)
    if (latest === undefined) throw new Error('the database is not there yet')
    return latest
  }

  const restart = async ({ part, signal }: Extract<Step, { kind: 'restart' }>) => {
    if (part === 'daemon') {
      await daemon.stop(signal)
      daemon = await box.start(...flags)
      return
    }
    await (signal === 'SIGTERM' ? server.stop() : server.kill())
    await server.start()
  }

  /** The replica here holds all that was written until now. */
  const fence = async (number: number) => {
    const where: unknown[] = []
    const mutations = [['other_config', 'delete', ['set', ['step']]]]
    const insertions = [['other_config', 'insert', ['map', [['step', `${number}`]]]]]
    await server.transact(
      { op: 'mutate', table: 'Global', where, mutations },
      { op: 'mutate', table: 'Global', where, mutations: insertions },
    )
    await until(`step ${number} to be in the replica`, () => {
      const rows = [...replica().table('Global').values()]
      return Promise.resolve(rows.some(({ other_config }) => other_config.get('step') === `${number}`))
    })
  }

  let facts = 0
  const settle = async () => {
    let [missing, surplus]: string[][] = [[], []]
    const isEqual = async () => {
      if (!daemon.running()) throw new Error(`vtepd ended: ${daemon.output().slice(-2000)}`)
      // A program that is replaced takes a map of its own along: what is read meanwhile is in no one's hands.
      const kernel = await readKernelTables(box.namespace, gateway.ports).catch((error: unknown) => [String(error)])
      const desired = desiredTables(gateway, replica(), kernel)
      missing = desired.filter((line) => !kernel.includes(line))
      surplus = kernel.filter((line) => !desired.includes(line))
      facts = Math.max(facts, desired.length)
      return missing.length + surplus.length === 0
    }
    await until('the kernel to be as desired', isEqual, 30_000).catch((error: unknown) => {
      const list = (lines: string[] | undefined) => (lines ?? []).map((line) => `\n    ${line}`).join('')
      throw new Error(`${String(error)}\n  missing:${list(missing)}\n  surplus:${list(surplus)}`)
    })
  }

  try {
    for (let number = 1; number <= leastSteps || Date.now() < end; number++) {
      const step = next(replica())
      done.push(
        step.kind === 'restart'
          ? `${number}. ${step.part} ends by ${step.signal} and starts again`
          : `${number}. ${step.what}: ${JSON.stringify(step.operations)}`,
      )
      if (step.kind === 'restart') await restart(step)
      else {
        const results = (await server.transact(...step.operations)) as (null | { error?: string; details?: string })[]
        const refused = results.find((result) => result?.error !== undefined)
        if (refused) done.push(`   refused: ${refused.error}: ${refused.details}`)
      }
      await fence(number)
      await settle()
    }
  } catch (error) {
    throw new Error(`${String(error)}\nSEED=${seed}, after\n${done.join('\n')}`, { cause: error })
  }
  const refused = done.filter((line) => line.startsWith('   refused')).length
  t.comment(
    `${done.length - refused} steps, ${refused} of them refused by the server, up to ${facts} facts in the kernel`,
  )
  t.ok(facts > 10, 'the kernel was given something')
})
