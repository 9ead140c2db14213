import { writeFileSync } from 'node:fs'
import type { Shown } from '../../src/console/shown.js'
import type { Background } from './background.js'
import type { Box } from './box.js'
import { checkoutPath } from './checkout.js'
import { CommandError, type Outcome } from './command.js'
import { playController } from './controller.js'
import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import type { Underlay } from './underlay.js'
import { until } from './until.js'

export type DatapathMode = 'auto' | 'tc' | 'xdp'

export interface GatewayOptions {
  readonly mode: DatapathMode
  /** Physical_Switch and namespace role; default `gateway`. */
  readonly name?: string
  /** Default: port1 and port2. The devices must be there before `start`. */
  readonly ports?: readonly string[]
  /** More words for the command line of vtepd. */
  readonly flags?: readonly string[]
  /** Default: debug. */
  readonly logLevel?: 'info' | 'debug'
  /** An existing hardware_vtep database, or what starts one in the box's namespace; default: vtepd's own. */
  readonly ovsdb?: string | ((namespace: Namespace) => Promise<string>)
  /** The text of its config file; default: no file. */
  readonly config?: string
  /** Leaves the tunnel address to Physical_Switch.tunnel_ips; default: the command line says it. */
  readonly tunnelIpFromDatabase?: boolean
}

/** All sections of `vtep show --json`. */
type AllShown = { readonly [Section in keyof Shown]-?: NonNullable<Shown[Section]> }

/** A box that runs vtepd, started as an operator's script starts it. */
export interface Gateway extends Box {
  readonly runDir: string
  readonly stateDir: string
  /** Starts vtepd and waits until it says that it works; default: in the mode of the options. */
  readonly start: (mode?: DatapathMode) => Promise<Background>
  /** The command line of the daemon. */
  readonly daemonCommand: readonly string[]
  /** Runs a console command; throws when it fails. */
  readonly vtep: (...words: readonly string[]) => Promise<string>
  /** What `vtep show --json` says. */
  readonly show: () => Promise<AllShown>
  /** Frames dropped for a reason, over all devices. */
  readonly dropped: (reason: string) => Promise<number>
  /** Frames counted under a name without being dropped, over all devices. */
  readonly counted: (name: string) => Promise<number>
  /** Runs a console command and returns how it ended. */
  readonly attemptVtep: (...words: readonly string[]) => Promise<Outcome>
}

/** Makes the box and its place on the underlay; the access ports' cables are for the caller to plug. */
export async function makeGateway(lab: Lab, underlay: Underlay, options: GatewayOptions): Promise<Gateway> {
  const { mode, name = 'gateway', ports = ['port1', 'port2'], flags = [], logLevel = 'debug', config } = options
  const namespace = await lab.namespace(name)
  const attachment = await underlay.attach(namespace)
  const ovsdb = typeof options.ovsdb === 'function' ? await options.ovsdb(namespace) : options.ovsdb
  const directory = lab.directory(name)
  const runDir = `${directory}/run`
  const stateDir = `${directory}/state`
  if (config !== undefined) writeFileSync(`${directory}/vtepd.yaml`, config)
  const database = ovsdb ?? `unix:${runDir}/db.sock`
  const attemptVtep = (...words: readonly string[]) =>
    namespace.attempt([process.execPath, checkoutPath('dist/vtep.js'), '--run-dir', runDir, ...words])
  const vtep = async (...words: readonly string[]) => {
    const outcome = await attemptVtep(...words)
    if (outcome.status !== 0) throw new CommandError(['vtep', ...words], outcome)
    return outcome.stdout
  }
  const show = async () => JSON.parse(await vtep('show', '--json')) as AllShown
  const countedAs = async (reason: string) => {
    const { drops } = await show()
    return drops.filter((drop) => drop.reason === reason).reduce((sum, drop) => sum + drop.packets, 0)
  }
  const daemon = (datapathMode: DatapathMode) => [
    ...[process.execPath, checkoutPath('dist/vtepd.js'), '--switch', name],
    ...(options.tunnelIpFromDatabase === true ? [] : ['--tunnel-ip', attachment.address]),
    ...(ovsdb === undefined ? [] : ['--ovsdb', ovsdb]),
    ...(config === undefined ? [] : ['--config', `${directory}/vtepd.yaml`]),
    ...ports.flatMap((port) => ['--port', port]),
    ...[
      '--state-dir',
      stateDir,
      '--run-dir',
      runDir,
      '--datapath-mode',
      datapathMode,
      '--log-level',
      logLevel,
      ...flags,
    ],
  ]
  return {
    namespace,
    name,
    attachment,
    tunnelIp: attachment.address,
    runDir,
    stateDir,
    database,
    controller: playController(database, name),
    attemptVtep,
    vtep,
    show,
    dropped: countedAs,
    counted: countedAs,
    daemonCommand: daemon(mode),
    attemptStart: () => namespace.attempt(daemon(mode)),
    start: async (datapathMode = mode) => {
      const vtepd = namespace.start(daemon(datapathMode))
      lab.own(() => vtepd.stop())
      await until('vtepd to be in service', async () => {
        if (!vtepd.running()) throw new Error(`vtepd ended: ${vtepd.output()}`)
        const outcome = await attemptVtep('show', '--json')
        return outcome.status === 0 && (JSON.parse(outcome.stdout) as AllShown).status.state !== 'starting'
      })
      return vtepd
    },
  }
}
