import { existsSync } from 'node:fs'
import { type Background, startBackground } from './background.js'
import { attempt, type CommandOptions, type Outcome, run } from './command.js'
import { until } from './until.js'

/** A network namespace with loopback up; IPv6 without duplicate address detection, so addresses work at once. */
export interface Namespace {
  readonly name: string
  /** Runs a command inside to its end; throws CommandError when it fails. */
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<string>
  /** Runs a command inside to its end and returns how it ended. */
  readonly attempt: (argv: readonly string[], options?: CommandOptions) => Promise<Outcome>
  /** Starts a program inside that stays. */
  readonly start: (argv: readonly string[], env?: Readonly<Record<string, string>>) => Background
  /** Applies lines of ip(8), for example `link set eth0 up`, in one process. */
  readonly ip: (...lines: readonly string[]) => Promise<void>
  /** Applies lines of bridge(8) in one process. */
  readonly bridge: (...lines: readonly string[]) => Promise<void>
}

/** Makes a namespace of this name; whoever calls has noted it in the registry before. */
export async function makeNamespace(name: string): Promise<Namespace> {
  await run(['ip', 'netns', 'add', name])
  const inside = ['ip', 'netns', 'exec', name]
  const namespace: Namespace = {
    name,
    run: (argv, options) => run([...inside, ...argv], options),
    attempt: (argv, options) => attempt([...inside, ...argv], options),
    start: (argv, env) => startBackground([...inside, ...argv], env),
    ip: (...lines) => batch('ip', name, lines),
    bridge: (...lines) => batch('bridge', name, lines),
  }
  await namespace.run(['sh', '-e'], { input: quietIpv6 })
  await namespace.ip('link set lo up')
  return namespace
}

/** Ends the processes inside a namespace and deletes it; a namespace that does not exist is fine. */
export async function removeNamespace(name: string): Promise<void> {
  if (!existsSync(`/run/netns/${name}`)) return
  await endProcesses(name)
  await attempt(['ip', 'netns', 'del', name])
}

const quietIpv6 = ['all', 'default']
  .flatMap((device) => ['accept_dad', 'router_solicitations'].map((key) => `/proc/sys/net/ipv6/conf/${device}/${key}`))
  .map((path) => `echo 0 > ${path}\n`)
  .join('')

async function batch(tool: 'ip' | 'bridge', name: string, lines: readonly string[]): Promise<void> {
  await run([tool, '-n', name, '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

async function endProcesses(name: string): Promise<void> {
  const inhabitants = async () =>
    (await attempt(['ip', 'netns', 'pids', name])).stdout.split('\n').filter(Boolean).map(Number)
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const pids = await inhabitants()
    if (pids.length === 0) return
    for (const pid of pids) signalProcess(pid, signal)
    const gone = until(`the processes in ${name} to end`, async () => (await inhabitants()).length === 0, 3000)
    await gone.catch(() => undefined) // the next signal is harder
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it ended between the list and the signal
  }
}
