import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The targets of native/fuzz (native/fuzz/src/targets/mod.rs). */
export const nativeTargets: readonly string[] = [
  ...['access_tc', 'overlay_tc', 'access_xdp', 'underlay_xdp'],
  ...['bfd_tc', 'flow', 'parsers', 'bfd_packet', 'bfd_session'],
]

export interface NativeRun {
  /** 0: nothing was found. */
  readonly status: number | null
  readonly runs: number
  /** Edges that were reached by the inputs to begin with, and in the end. */
  readonly coverage: readonly number[]
  readonly output: string
}

/**
 * Runs a target with libFuzzer. Its inputs to begin with are written into the corpus first; an input that finds something goes
 * to `native/fuzz/findings/TARGET`, where a test of the crate tries it ever after.
 *
 * @param flags of libFuzzer
 */
export async function runNative(
  top: string,
  target: string,
  corpus: string,
  flags: readonly string[],
): Promise<NativeRun> {
  const findings = join(top, 'native/fuzz/findings', target)
  await mkdir(findings, { recursive: true })
  const common = [`-artifact_prefix=${findings}/`, '-timeout=25', '-print_final_stats=1']
  const child = spawn(join(top, 'native/target/fuzz-program'), [corpus, ...common, ...flags], {
    env: { ...process.env, VTEPGW_FUZZ_TARGET: target, VTEPGW_FUZZ_SEEDS: corpus },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const begun = /INITED cov: (\d+)/.exec(output)?.[1]
  const ended = [...output.matchAll(/ cov: (\d+)/g)].at(-1)?.[1]
  const runs = /stat::number_of_executed_units: (\d+)/.exec(output)?.[1]
  return { status, runs: Number(runs ?? 0), coverage: [Number(begun ?? 0), Number(ended ?? 0)], output }
}
