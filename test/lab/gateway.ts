import type { Background } from './background.js'
import { checkoutPath } from './checkout.js'
import { attempt, CommandError, type Outcome } from './command.js'
import { type Controller, playController } from './controller.js'
import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import type { Attachment, Underlay } from './underlay.js'
import { until } from './until.js'

export type DatapathMode = 'tc' | 'xdp'

export interface GatewayOptions {
  readonly mode: DatapathMode
  /** Physical_Switch and namespace role; default `gateway`. */
  readonly name?: string
  /** Default: port1 and port2. The devices must be there before `start`. */
  readonly ports?: readonly string[]
  /** More words for the command line of vtepd. */
  readonly flags?: readonly string[]
}

/** A box that runs vtepd, started as an operator's script starts it. */
export interface Gateway {
  readonly namespace: Namespace
  readonly name: string
  readonly attachment: Attachment
  readonly tunnelIp: string
  readonly runDir: string
  readonly stateDir: string
  /** Plays the controller over the embedded server's socket. */
  readonly controller: Controller
  /** Starts vtepd and waits until it says that it works. */
  readonly start: () => Promise<Background>
  /** Runs a console command; throws when it fails. */
  readonly vtep: (...words: readonly string[]) => Promise<string>
  /** Runs a console command and returns how it ended. */
  readonly attemptVtep: (...words: readonly string[]) => Promise<Outcome>
}

/** Makes the box and its place on the underlay; the access ports' cables are for the caller to plug. */
export async function makeGateway(lab: Lab, underlay: Underlay, options: GatewayOptions): Promise<Gateway> {
  const { mode, name = 'gateway', ports = ['port1', 'port2'], flags = [] } = options
  const namespace = await lab.namespace(name)
  const attachment = await underlay.attach(namespace)
  const directory = lab.directory(name)
  const runDir = `${directory}/run`
  const stateDir = `${directory}/state`
  const attemptVtep = (...words: readonly string[]) =>
    attempt([process.execPath, checkoutPath('dist/vtep.js'), '--run-dir', runDir, ...words])
  const daemon = [
    ...[process.execPath, checkoutPath('dist/vtepd.js'), '--switch', name, '--tunnel-ip', attachment.address],
    ...ports.flatMap((port) => ['--port', port]),
    ...['--state-dir', stateDir, '--run-dir', runDir, '--datapath-mode', mode, '--log-level', 'debug', ...flags],
  ]
  return {
    namespace,
    name,
    attachment,
    tunnelIp: attachment.address,
    runDir,
    stateDir,
    controller: playController(`unix:${runDir}/db.sock`, name),
    attemptVtep,
    vtep: async (...words) => {
      const outcome = await attemptVtep(...words)
      if (outcome.status !== 0) throw new CommandError(['vtep', ...words], outcome)
      return outcome.stdout
    },
    start: async () => {
      const vtepd = namespace.start(daemon)
      lab.own(() => vtepd.stop())
      await until(`vtepd to answer the console`, async () => {
        if (!vtepd.running()) throw new Error(`vtepd ended: ${vtepd.output()}`)
        return (await attemptVtep('show', '--json')).status === 0
      })
      return vtepd
    },
  }
}
