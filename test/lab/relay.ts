import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'
import { openByteRelay } from './byte-relay.js'

export interface RelayOptions {
  readonly onConnection?: () => void
  /** Gets each message of a client; it goes on when `pass` is called. Default: at once. */
  readonly fromClient?: (text: string, pass: () => void) => void
  /** Sees each message of the server, which has gone on. */
  readonly fromServer?: (text: string) => void
}

/** A socket before that of a database server. */
export interface Relay {
  /** `unix:PATH` */
  readonly endpoint: string
  readonly close: () => Promise<void>
}

/** @param target path of the server's socket; the relay's is beside it. */
export async function openRelay(target: string, options: RelayOptions): Promise<Relay> {
  const { onConnection, fromClient = passAtOnce, fromServer = () => undefined } = options
  const relay = await openByteRelay(target, 'relay', ({ toServer, toClient }) => {
    onConnection?.()
    const [ofClient, ofServer] = [createJsonTextSplitter(), createJsonTextSplitter()]
    return {
      fromClient: (chunk) => {
        ofClient.push(chunk, (text) => fromClient(text, () => toServer(text)))
      },
      fromServer: (chunk) => {
        toClient(chunk)
        ofServer.push(chunk, fromServer)
      },
    }
  })
  return { endpoint: `unix:${relay.path}`, close: relay.close }
}

function passAtOnce(_: string, pass: () => void): void {
  pass()
}
