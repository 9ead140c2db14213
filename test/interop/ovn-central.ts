import { mkdirSync } from 'node:fs'
import type { Background } from '../lab/background.js'
import { run } from '../lab/command.js'
import type { Lab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'
import { serveDatabase } from '../lab/serve-database.js'
import type { Underlay } from '../lab/underlay.js'
import { until } from '../lab/until.js'

/** OVN's databases and ovn-northd, in a namespace on the underlay; hypervisors reach the databases by unix socket. */
export interface OvnCentral {
  readonly namespace: Namespace
  readonly address: string
  readonly southbound: string
  /** Any ovn-nbctl command. */
  readonly nb: (...words: readonly string[]) => Promise<string>
  /** Any ovn-sbctl command. */
  readonly sb: (...words: readonly string[]) => Promise<string>
  /** Starts ovn-controller-vtep towards a hardware_vtep database such as `tcp:HOST:PORT` or `ptcp:PORT:HOST`. */
  readonly startControllerVtep: (vtepDatabase: string) => ControllerVtep
}

export interface ControllerVtep {
  readonly process: Background
  /** Ends it the way an operator does, by `ovn-appctl exit`: it takes back what it wrote. */
  readonly exit: () => Promise<void>
}

export async function startOvnCentral(lab: Lab, underlay: Underlay): Promise<OvnCentral> {
  const namespace = await lab.namespace('central')
  const { address } = await underlay.attach(namespace)
  const directory = lab.directory('ovn')
  const start = (argv: readonly string[], env?: Record<string, string>) => {
    const daemon = namespace.start(argv, env)
    lab.own(() => daemon.stop())
    return daemon
  }
  const serve = (name: 'nb' | 'sb') =>
    serveDatabase(lab, namespace, directory, name, `/usr/share/ovn/ovn-${name}.ovsschema`)
  const northbound = await serve('nb')
  const southbound = await serve('sb')
  const ctl = async (tool: string, endpoint: string, words: readonly string[]) =>
    (await run([tool, `--db=${endpoint}`, '--timeout=20', ...words])).trimEnd()
  await ctl('ovn-nbctl', northbound, ['init'])
  start(['ovn-northd', `--ovnnb-db=${northbound}`, `--ovnsb-db=${southbound}`, `--unixctl=${directory}/northd.ctl`])

  let controllers = 0
  return {
    namespace,
    address,
    southbound,
    nb: (...words) => ctl('ovn-nbctl', northbound, words),
    sb: (...words) => ctl('ovn-sbctl', southbound, words),
    startControllerVtep: (vtepDatabase) => {
      const runDir = `${directory}/vtep${++controllers}`
      mkdirSync(runDir)
      const daemon = start(['ovn-controller-vtep', `--vtep-db=${vtepDatabase}`, `--ovnsb-db=${southbound}`], {
        OVN_RUNDIR: runDir,
      })
      return {
        process: daemon,
        exit: async () => {
          await run(['ovn-appctl', '-t', `${runDir}/ovn-controller-vtep.${daemon.pid}.ctl`, 'exit'])
          await until('ovn-controller-vtep to end', () => Promise.resolve(!daemon.running()))
        },
      }
    },
  }
}
