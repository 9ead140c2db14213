import t, { type Test } from 'tap'
import { awaitMode } from '../lab/carriers.js'
import type { DatapathMode } from '../lab/gateway.js'
import { openScene, type Scene, type SceneOptions } from '../lab/scene.js'

/**
 * Plays the same scene once in tc mode and once in XDP mode. `VTEPGW_MODES=tc` narrows it while debugging.
 * When a play fails, the end of vtepd's log is in the report.
 */
export function inEachMode(
  name: string,
  options: Omit<SceneOptions, 'mode'>,
  play: (t: Test, scene: Scene, mode: DatapathMode) => Promise<void>,
): void {
  const modes = (process.env.VTEPGW_MODES ?? 'tc,xdp').split(',') as DatapathMode[]
  for (const mode of modes) {
    t.test(`${mode}: ${name}`, async (t) => {
      const scene = await openScene({ ...options, mode })
      t.teardown(async () => {
        if (!t.passing()) t.comment(scene.vtepd.output().split('\n').slice(-40).join('\n'))
        await scene.lab.close()
      })
      await awaitMode(scene.gateway, mode)
      await play(t, scene, mode)
    })
  }
}

/** The n-th of a scene's parts; a missing one is a mistake of the test. */
export function nth<T>(parts: readonly T[], index: number): T {
  const part = parts[index]
  if (part === undefined) throw new Error(`the scene has no part ${index}`)
  return part
}

/**
 * Asserts that something is event-driven: of several attempts the fastest took less than 100 ms. A minimum survives a noisy machine, and
 * since each attempt begins when the one before was answered, a poller would keep every one waiting for a whole interval.
 * The median is printed for people.
 */
export function assertPrompt(t: Test, delaysMs: readonly number[], since: string): void {
  const sorted = [...delaysMs].sort((a, b) => a - b)
  const median = nth(sorted, Math.floor(sorted.length / 2))
  t.comment(`median ${median.toFixed(1)} ms ${since} (${delaysMs.map((delay) => delay.toFixed(1)).join(', ')})`)
  t.ok(nth(sorted, 0) < 100, `the fastest of ${delaysMs.length} took ${nth(sorted, 0).toFixed(1)} ms`)
}
