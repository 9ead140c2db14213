import { connect } from 'node:net'
import { createJsonTextSplitter } from '../../src/ovsdb/json-text.js'

/**
 * One transaction of somebody else on a hardware_vtep database, in the JSON of RFC 7047; returns the parsed results.
 *
 * @param endpoint `unix:PATH`
 */
export async function transact(endpoint: string, ...operations: readonly object[]): Promise<unknown> {
  const socket = connect(endpoint.replace(/^unix:/, ''))
  const splitter = createJsonTextSplitter()
  try {
    return await new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', () => {
        reject(new Error(`${endpoint} closed before it answered`))
      })
      socket.on('data', (chunk) => {
        splitter.push(chunk, (text) => {
          const message = JSON.parse(text) as { id: unknown; result: unknown; error: unknown }
          if (message.id !== 'transact') return
          if (message.error === null) resolve(message.result)
          else reject(new Error(`${endpoint} refused: ${JSON.stringify(message.error)}`))
        })
      })
      socket.write(JSON.stringify({ id: 'transact', method: 'transact', params: ['hardware_vtep', ...operations] }))
    })
  } finally {
    socket.destroy()
  }
}

/**
 * The same; throws what the database says where it does not take the transaction. Returns the UUIDs of the inserted rows, by operation.
 *
 * @param endpoint `unix:PATH`
 */
export async function commit(
  endpoint: string,
  ...operations: readonly object[]
): Promise<readonly (string | undefined)[]> {
  const results = (await transact(endpoint, ...operations)) as Result[]
  const failed = results.find((result) => result?.error !== undefined)
  if (failed) throw new Error(`${failed.error}: ${failed.details}`)
  return results.map((result) => result?.uuid?.[1])
}

/** Operations after a failed one have null. */
type Result = { readonly error?: string; readonly details?: string; readonly uuid?: [string, string] } | null
