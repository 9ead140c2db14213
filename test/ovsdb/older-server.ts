import net from 'node:net'
import type { Test } from 'tap'
import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'

/**
 * A real server seen through a relay that knows fewer methods, as an older release would: requests for those are answered the way
 * ovsdb-server answers an unknown method, everything else passes. Returns the path of the relay's socket.
 */
export async function relayWithout(t: Test, methods: readonly string[], serverSocket: string): Promise<string> {
  const path = `${serverSocket}.older`
  const relay = net.createServer((client) => {
    const server = net.connect(serverSocket)
    const splitter = createJsonTextSplitter()
    client.on('data', (chunk) => {
      splitter.push(chunk, (text) => {
        const { id, method } = JSON.parse(text) as { id: unknown; method?: string }
        if (method === undefined || !methods.includes(method)) server.write(text)
        else client.write(JSON.stringify({ id, result: null, error: { error: 'unknown method', details: method } }))
      })
    })
    server.pipe(client)
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      end.on('error', () => undefined)
      end.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => relay.listen(path, resolve))
  t.teardown(() => relay.close())
  return path
}
