import type { Background } from './background.js'
import type { Outcome } from './command.js'
import type { Controller } from './controller.js'
import type { Namespace } from './namespace.js'
import type { Attachment } from './underlay.js'

/** What stands between access ports and underlay, as a rack sees it: wires, a database, and a daemon that an operator starts. */
export interface Box {
  readonly namespace: Namespace
  /** Physical_Switch.name */
  readonly name: string
  readonly attachment: Attachment
  readonly tunnelIp: string
  /** The hardware_vtep database's endpoint. */
  readonly database: string
  /** Plays the controller in that database. */
  readonly controller: Controller
  /** Starts the control plane, again too, and waits until it serves; the process returned is the one to stop or kill. */
  readonly start: () => Promise<Background>
  /** Starts a control plane where it is expected to end by itself, and returns how it ended. */
  readonly attemptStart: () => Promise<Outcome>
}
