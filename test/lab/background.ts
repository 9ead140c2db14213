import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** How a background process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A daemon or a long-running script that the lab started and will end by its process id. */
export interface Background {
  readonly pid: number
  readonly stdin: Writable
  readonly exited: Promise<Exit>
  /** Everything that it printed on standard output and standard error, in order of arrival. */
  readonly output: () => string
  /** Calls the listener with every whole line of standard output, those before the call included. */
  readonly onLine: (listener: (line: string) => void) => void
  readonly running: () => boolean
  /** Sends the signal to it and to what it started in its session. */
  readonly signalSession: (signal: NodeJS.Signals) => void
  /** Sends the signal and waits for the end; SIGKILL follows after limitMs (default 10000). A repeated call waits only. */
  readonly stop: (signal?: NodeJS.Signals, limitMs?: number) => Promise<Exit>
}

/** Starts a program that stays; the caller stops it. Throws when it cannot be started at all. */
export function startBackground(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Background {
  const [program, ...args] = argv
  if (program === undefined) throw new Error('startBackground: empty command')
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(program, args, {
    env: { ...process.env, ...env },
    detached: true, // a session of its own: Ctrl-C is for the lab, which then stops its processes in order
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const pid = child.pid
  if (pid === undefined) throw new Error(`cannot start ${argv.join(' ')}`)
  child.stdin.on('error', () => undefined)

  const chunks: string[] = []
  const lines: string[] = []
  const listeners: ((line: string) => void)[] = []
  let partial = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    chunks.push(text)
    const whole = (partial + text).split('\n')
    partial = whole.pop() ?? ''
    for (const line of whole) {
      if (listeners.length === 0) lines.push(line)
      for (const listener of listeners) listener(line)
    }
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => chunks.push(text))

  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    child.on('close', (code, signal) => {
      exit = { code, signal }
      resolve(exit)
    })
  })
  return {
    pid,
    stdin: child.stdin,
    exited,
    output: () => chunks.join(''),
    onLine: (listener) => {
      for (const line of lines.splice(0)) listener(line)
      listeners.push(listener)
    },
    running: () => exit === undefined,
    signalSession: (signal) => {
      try {
        process.kill(-pid, signal)
      } catch {
        // nothing of it is left
      }
    },
    stop: async (signal = 'SIGTERM', limitMs = 10_000) => {
      if (exit !== undefined) return exit
      child.kill(signal)
      const late = setTimeout(() => child.kill('SIGKILL'), limitMs)
      const end = await exited
      clearTimeout(late)
      return end
    },
  }
}
