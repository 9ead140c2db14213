#!/usr/bin/env node
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULTS } from './config/load-config.js'
import { type Action, lookUpCommand, type LookUp } from './console/commands.js'
import { request, UnreachableError } from './console/request.js'
import { printShown, shownSchema } from './console/shown.js'
import { vtepUsage } from './console/usage.js'
import { detachDatapath, gatewayHere } from './datapath/native-datapath.js'
import { ownNetns, readRunRecord } from './main/run-record.js'
import { askSwitchHolder, describeHolder } from './main/switch-holder.js'
import { version } from './main/version.js'

const WELL = 0
const FAILED = 1
const MISUSED = 2
const UNREACHABLE = 3

interface Options {
  readonly runDir: string
  readonly asJson: boolean
}

/** The console: one request to the daemon, printed for people or as JSON. */
async function main(argv: readonly string[]): Promise<number> {
  let parsed
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        'run-dir': { type: 'string', default: DEFAULTS.runDir },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
      },
    })
  } catch (cause) {
    return misused(cause instanceof Error ? cause.message : String(cause))
  }
  const { values, positionals } = parsed
  if (values.help === true) return print(vtepUsage(DEFAULTS.runDir), WELL)
  if (values.version === true) return print(`vtep ${version()}\n`, WELL)
  if (positionals.length === 0) return misused('no command is given')
  if (values['run-dir'] === '') return misused('--run-dir has no value')
  const found = lookUpCommand(positionals)
  if (found.kind !== 'found') return misused(explain(found))
  return perform(found.command.action, { runDir: resolve(values['run-dir']), asJson: values.json })
}

async function perform(action: Action, options: Options): Promise<number> {
  switch (action.kind) {
    case 'show':
      return show(action.sections, options)
    case 'detach':
      return detach(options)
  }
}

async function show(sections: readonly string[], { runDir, asJson }: Options): Promise<number> {
  const { status, body } = await request(runDir, 'GET', `/v1/show?sections=${sections.join(',')}`)
  if (status !== 200 && status !== 503) return failed(body)
  const shown = shownSchema.parse(body)
  return print(asJson ? `${JSON.stringify(shown, undefined, 2)}\n` : printShown(shown), status === 200 ? WELL : FAILED)
}

/** A daemon that runs does it itself and ends, lest it put everything back; without one, what is in this network namespace goes. */
async function detach({ runDir, asJson }: Options): Promise<number> {
  const done = (how: string): number => print(asJson ? '{"detached":true}\n' : `${how}\n`, WELL)
  try {
    const { status, body } = await request(runDir, 'POST', '/v1/detach')
    return status === 200 ? done('the gateway is removed from the kernel, and the daemon ends') : failed(body)
  } catch (cause) {
    if (!(cause instanceof UnreachableError) || cause.code !== 'unreachable') throw cause
  }
  const record = readRunRecord(runDir)
  if (record !== undefined && record.netns !== ownNetns()) {
    return failed({
      error: `the gateway «${record.switchName}» is in another network namespace (${record.netns}): run this there`,
    })
  }
  const present = await gatewayHere()
  const holder = present === undefined ? undefined : await askSwitchHolder(present)
  if (present !== undefined && holder !== undefined)
    return failed({
      error: `${describeHolder(holder)} runs the switch «${present}»: end it first, then run this again`,
    })
  if (present !== undefined && record !== undefined && record.switchName !== present) {
    return failed({
      error: `the gateway of this network namespace is «${present}», but the run directory ${runDir} is of «${record.switchName}»`,
    })
  }
  if (await detachDatapath(present)) {
    const whose = present === undefined ? 'what was left of a gateway' : `the gateway «${present}»`
    return done(`${whose} is removed from the kernel; no daemon was running`)
  }
  return record === undefined
    ? failed({ error: 'nothing to remove: this network namespace has no gateway' })
    : done(`nothing to remove: the gateway «${record.switchName}» is not in the kernel; no daemon was running`)
}

/** A daemon may have lost its run directory, or have another. */
async function explainAbsence(error: UnreachableError): Promise<string> {
  if (error.code !== 'unreachable') return error.message
  try {
    const present = await gatewayHere()
    if (present === undefined) return error.message
    const holder = await askSwitchHolder(present)
    return holder === undefined
      ? `${error.message}; the gateway «${present}» forwards without one`
      : `${error.message}; ${describeHolder(holder)} runs the switch «${present}» here`
  } catch {
    return error.message
  }
}

function explain(found: Exclude<LookUp, { kind: 'found' }>): string {
  const choice =
    found.candidates.length === 0 ? 'nothing may follow here' : `expected one of: ${found.candidates.join(', ')}`
  switch (found.kind) {
    case 'unknown':
      return `no such command: «${found.word}»; ${choice}`
    case 'ambiguous':
      return `«${found.word}» may be ${found.candidates.join(' or ')}`
    case 'incomplete':
      return `the command is not complete; ${choice}`
  }
}

function misused(message: string): number {
  process.stderr.write(`vtep: ${message}; see vtep --help\n`)
  return MISUSED
}

function failed(body: unknown): number {
  const error = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : 'the daemon refused'
  process.stderr.write(`vtep: ${error}\n`)
  return FAILED
}

function print(text: string, status: number): number {
  process.stdout.write(text)
  return status
}

// `vtep show | head` closes the pipe early; that is no failure.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code === 'EPIPE') process.exit(WELL)
  process.stderr.write(`vtep: cannot write what was asked for: ${cause.message}\n`)
  process.exit(FAILED)
})

main(process.argv.slice(2)).then(
  (status) => {
    // Not process.exit: what is written to a pipe is still on its way.
    process.exitCode = status
  },
  async (cause: unknown) => {
    const isUnreachable = cause instanceof UnreachableError
    const message = isUnreachable ? await explainAbsence(cause) : cause instanceof Error ? cause.message : String(cause)
    process.stderr.write(`vtep: ${message}\n`)
    process.exitCode = isUnreachable ? UNREACHABLE : FAILED
  },
)
