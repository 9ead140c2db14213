import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'
import { sum, type Outcome } from './outcome.js'
import { followTap, type Verdict } from './tap-outcome.js'

/** Folders whose files own the machine's network and processors while they run. */
const serialFolders = ['acceptance', 'e2e', 'interop']
const telling = new Set(['compare', 'diff', 'exitCode', 'expired', 'found', 'pattern', 'signal', 'stack', 'wanted'])

export interface TapRun {
  /** Variables on top of the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Seconds after which a file is ended; default 300. */
  readonly fileTimeLimitS?: number
  /** Told of each named test, beside what is printed. */
  readonly onVerdict?: (verdict: Verdict) => void
}

/**
 * Runs compiled test files with tap's own runner, prints one line for each named test, and keeps the raw TAP in
 * `.tap/run.tap`.
 *
 * @param top the top folder of the tree
 * @param files test files, relative to `top`
 */
export async function runTap(top: string, files: readonly string[], options: TapRun = {}): Promise<Outcome> {
  const { env = {}, fileTimeLimitS = 300, onVerdict } = options
  const args = ['--disable-coverage', '--reporter=tap', '--jobs=2', `--timeout=${fileTimeLimitS}`]
  const serial = serialFolders.map((folder) => `--serial=dist-test/test/${folder}`)
  await mkdir(join(top, '.tap'), { recursive: true })
  const raw = createWriteStream(join(top, '.tap', 'run.tap'))
  const runner = spawn(
    process.execPath,
    [join(top, 'node_modules/tap/dist/esm/run.mjs'), ...args, ...serial, ...files],
    {
      cwd: top,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const parser = new Parser()
  const outcome = followTap(parser, (verdict) => {
    printVerdict(verdict)
    onVerdict?.(verdict)
  })
  const parsed = new Promise((resolve) => parser.on('complete', resolve))
  runner.stdout.pipe(raw)
  runner.stdout.pipe(parser)
  const exit = await new Promise((resolve) => runner.on('close', resolve))
  await parsed
  if (exit === 0 || outcome.failed > 0) return outcome
  console.log(`not ok: tap's runner ended with status ${String(exit)}`)
  return sum(outcome, { passed: 0, failed: 1, skipped: 0 })
}

function printVerdict({ name, kind, reasons, skipReason }: Verdict): void {
  const mark = { passed: 'ok     ', failed: 'NOT OK ', skipped: 'skipped' }[kind]
  console.log(
    `${mark} ${name.replace('dist-test/', '').replace('.test.js', '.test.ts')}${skipReason === undefined ? '' : `: ${skipReason}`}`,
  )
  for (const reason of reasons) console.log(describe(reason).replace(/^/gm, '        '))
}

/** What tap knows of a failure, without the parts that only repeat the command and the source. */
function describe({ name, diag }: Result): string {
  const facts = Object.entries((diag ?? {}) as Record<string, unknown>).filter(([key]) => telling.has(key))
  return facts.length === 0 ? name : `${name}\n${stringify(Object.fromEntries(facts)).trimEnd()}`
}
