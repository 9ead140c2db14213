import type { Test } from 'tap'
import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'
import { openByteRelay } from '../lab/byte-relay.js'

/**
 * A real server seen through a relay that knows fewer methods, as an older release would: requests for those are answered the way
 * ovsdb-server answers an unknown method, everything else passes. Returns the path of the relay's socket.
 */
export async function relayWithout(t: Test, methods: readonly string[], serverSocket: string): Promise<string> {
  const relay = await openByteRelay(serverSocket, 'older', ({ toServer, toClient }) => {
    const splitter = createJsonTextSplitter()
    return {
      fromClient: (chunk) => {
        splitter.push(chunk, (text) => {
          const { id, method } = JSON.parse(text) as { id: unknown; method?: string }
          if (method === undefined || !methods.includes(method)) toServer(text)
          else toClient(JSON.stringify({ id, result: null, error: { error: 'unknown method', details: method } }))
        })
      },
      fromServer: toClient,
    }
  })
  t.teardown(relay.close)
  return relay.path
}
