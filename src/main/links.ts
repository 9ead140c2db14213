import type { Datapath, PortStatus } from '../datapath/datapath.js'
import type { Log } from './log.js'

const RETRY_MS = 1_000

/** Which addresses and access ports the box has, read when they may have changed. What was known stands until it can be read. */
export class Links {
  readonly #datapath: Datapath
  readonly #log: Log
  readonly #asksAddresses: boolean
  readonly #onRead: (ports: readonly PortStatus[]) => void
  #addresses: ReadonlySet<string>
  #retry: NodeJS.Timeout | undefined

  /**
   * @param asksAddresses they matter only where the database says the tunnel address.
   * @param onRead gets the access ports that are there.
   */
  constructor(datapath: Datapath, log: Log, asksAddresses: boolean, onRead: (ports: readonly PortStatus[]) => void) {
    this.#datapath = datapath
    this.#log = log
    this.#asksAddresses = asksAddresses
    this.#onRead = onRead
    this.#addresses = this.#readAddresses()
  }

  get addresses(): ReadonlySet<string> {
    return this.#addresses
  }

  /** Events come in a callback of the native module, where nothing may be thrown. */
  follow(): void {
    clearTimeout(this.#retry)
    try {
      const addresses = this.#readAddresses()
      const ports = this.#datapath.portStatus()
      this.#addresses = addresses
      this.#onRead(ports)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      this.#log.warn('links_not_read', { message, retryMs: RETRY_MS })
      this.#retry = setTimeout(() => this.follow(), RETRY_MS)
    }
  }

  close(): void {
    clearTimeout(this.#retry)
  }

  #readAddresses(): ReadonlySet<string> {
    if (!this.#asksAddresses) return NO_ADDRESSES
    return new Set(this.#datapath.localAddresses().map(({ address }) => address))
  }
}

const NO_ADDRESSES: ReadonlySet<string> = new Set()
