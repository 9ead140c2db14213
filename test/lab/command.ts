import { spawn } from 'node:child_process'

/** What a finished command left behind. */
export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Text for standard input; default: empty. */
  readonly input?: string
  /** Variables on top of the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** The command is killed after this time; default 60000. */
  readonly limitMs?: number
}

/** A command ended with a status other than 0; the message shows what it printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly argv: readonly string[]
  readonly outcome: Outcome

  constructor(argv: readonly string[], outcome: Outcome) {
    super(`${argv.join(' ')}: exit ${outcome.status}\n${outcome.stderr}${outcome.stdout}`.trimEnd())
    this.argv = argv
    this.outcome = outcome
  }
}

/** Runs a command to its end and returns its standard output; a status other than 0 throws CommandError. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await attempt(argv, options)
  if (outcome.status !== 0) throw new CommandError(argv, outcome)
  return outcome.stdout
}

/** Runs a command to its end, whatever its status; a command killed by a signal has status 128. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const [program, ...args] = argv
  if (program === undefined) throw new Error('attempt: empty command')
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.limitMs ?? 60_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ status: code ?? 128, stdout, stderr }))
    // a command that ends without reading its input breaks the pipe; its status tells the story
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}
