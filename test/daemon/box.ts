import { join } from 'node:path'
import type { Test } from 'tap'
import type { Background } from '../lab/background.js'
import { checkoutPath } from '../lab/checkout.js'
import { type Outcome, run } from '../lab/command.js'
import { type Lab, openLab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'
import { until } from '../lab/until.js'

/** A namespace with an access port (`port1`, its far end `server1`) and an underlay device that has 10.9.0.1. */
export interface Box {
  readonly namespace: Namespace
  readonly directory: string
  readonly runDir: string
  readonly stateDir: string
  /** The daemon to its end, with just these flags. */
  readonly attemptVtepd: (...flags: readonly string[]) => Promise<Outcome>
  /** The daemon as `gw`, until it is in service; more flags may follow. In tc mode unless they say another. */
  readonly start: (...flags: readonly string[]) => Promise<Background>
  readonly vtep: (...words: readonly string[]) => Promise<Outcome>
  readonly ctl: (...command: readonly string[]) => Promise<string>
}

export async function makeBox(t: Test, lab?: Lab, name = 'box'): Promise<Box> {
  const owner = lab ?? (await openLab())
  if (lab === undefined) t.teardown(owner.close)
  const namespace = await owner.namespace(name)
  await namespace.ip(
    'link add port1 type veth peer name server1',
    'link add underlay0 type veth peer name fabric0',
    'address add 10.9.0.1/24 dev underlay0',
    ...['port1', 'server1', 'underlay0', 'fabric0'].map((device) => `link set ${device} up`),
  )
  const directory = owner.directory(name)
  const [runDir, stateDir] = [join(directory, 'run'), join(directory, 'state')]
  const vtepd = (flags: readonly string[]): string[] => [process.execPath, checkoutPath('dist/vtepd.js'), ...flags]
  const vtep = (...words: readonly string[]): Promise<Outcome> =>
    namespace.attempt([process.execPath, checkoutPath('dist/vtep.js'), '--run-dir', runDir, ...words])
  const ownFlags = ['--switch', 'gw', '--tunnel-ip', '10.9.0.1', '--port', 'port1', '--state-dir', stateDir]
  return {
    namespace,
    directory,
    runDir,
    stateDir,
    vtep,
    attemptVtepd: (...flags) => namespace.attempt(vtepd(flags)),
    start: async (...flags) => {
      const mode = flags.includes('--datapath-mode') ? [] : ['--datapath-mode', 'tc']
      const daemon = namespace.start(vtepd([...ownFlags, '--run-dir', runDir, ...mode, ...flags]))
      owner.own(() => daemon.stop())
      await until('vtepd to be in service', async () => {
        if (!daemon.running()) throw new Error(`vtepd ended: ${daemon.output()}`)
        return (await vtep('show', 'status')).status === 0
      })
      return daemon
    },
    ctl: async (...command) =>
      (await run(['vtep-ctl', '--timeout=20', `--db=unix:${runDir}/db.sock`, ...command])).trimEnd(),
  }
}
