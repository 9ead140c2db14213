import t, { type Test } from 'tap'
import { type Host, ping, reach } from '../lab/host.js'
import { openLab } from '../lab/lab.js'
import { buildSceneAround, type SceneAround, type Surroundings } from '../lab/scene.js'
import { until } from '../lab/until.js'
import { type Subject, type SubjectName, type SubjectOptions, subjectKind } from './subject.js'

/** The world of a scenario, and waiting with the patience that its box needs. */
export interface Stage extends SceneAround<Subject> {
  readonly eventually: <T>(what: string, probe: () => Promise<T | undefined | false>) => Promise<T>
  readonly reaches: (from: Host, address: string) => Promise<void>
  readonly isCutOff: (from: Host, address: string) => Promise<true>
}

/** The subjects of this run: `VTEPGW_MODES`, by default this gateway in both modes. */
export const subjects = (process.env.VTEPGW_MODES ?? 'tc,xdp').split(',') as readonly SubjectName[]

/**
 * One line of the acceptance suite, played on every subject of the run in a scene of its own. Its sentences are the subtests; `make
 * compare` reads line, subject and sentences from the names.
 */
export function scenario(
  line: string,
  title: string,
  options: Surroundings & SubjectOptions,
  play: (t: Test, stage: Stage) => Promise<void>,
): void {
  for (const subject of subjects) {
    t.test(`${subject}: ${line} ${title}`, async (t) => {
      const lab = await openLab()
      t.teardown(lab.close)
      const scene = await buildSceneAround(lab, subjectKind(subject, options), options)
      const { patienceMs } = scene.gateway
      lab.own(() => {
        if (!t.passing()) t.comment(scene.daemon.output().split('\n').slice(-40).join('\n'))
        return Promise.resolve()
      })
      await play(t, {
        ...scene,
        eventually: (what, probe) => until(what, probe, patienceMs),
        reaches: (from, address) => reach(from, address, patienceMs),
        isCutOff: (from, address) =>
          until(`${from.namespace.name} not to reach ${address}`, async () => !(await ping(from, address)), patienceMs),
      })
    })
  }
}
