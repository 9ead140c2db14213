import { connect } from 'node:net'
import { processUse } from './process-identity.js'

const INTERVAL_MS = 2_000
/**
 * So many looks in a row that find no sign of life are too many. Not a time: when the whole box was paused, none passed for the server.
 * One that works on a large transaction is silent for longer, but not idle.
 */
const PATIENT_LOOKS = 5

/**
 * Watches a server of RFC 7047 on this box, and tells once when it hangs: it has not answered for a while, and neither used its
 * processor nor waited for a disk meanwhile. One that is stopped by a signal still takes connections.
 */
export class Watchdog {
  readonly #socketPath: string
  readonly #pid: number
  readonly #onHang: () => void
  readonly #timer: NodeJS.Timeout
  #lifelessLooks = 0
  #usedTicks: number | undefined
  #isAsking = false

  constructor(socketPath: string, pid: number, onHang: () => void) {
    this.#socketPath = socketPath
    this.#pid = pid
    this.#onHang = onHang
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const use = processUse(this.#pid)
    if (use === undefined) return
    const isAtWork = use.ticks !== this.#usedTicks || use.state === 'D'
    this.#usedTicks = use.ticks
    this.#lifelessLooks = isAtWork ? 0 : this.#lifelessLooks + 1
    if (this.#lifelessLooks > PATIENT_LOOKS) {
      this.close()
      this.#onHang()
    } else if (!this.#isAsking) this.#ask()
  }

  /** RFC 7047 section 4.1.11. */
  #ask(): void {
    this.#isAsking = true
    const socket = connect(this.#socketPath)
    socket.setTimeout(INTERVAL_MS, () => socket.destroy())
    socket.once('connect', () => socket.write('{"method":"echo","params":[],"id":0}'))
    socket.once('data', () => {
      this.#lifelessLooks = 0
      socket.destroy()
    })
    socket.once('error', () => undefined)
    socket.once('close', () => (this.#isAsking = false))
  }
}
