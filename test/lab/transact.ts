import { run } from './command.js'

/** One transaction of somebody else on a hardware_vtep database, in the JSON of RFC 7047; returns the parsed results. */
export async function transact(endpoint: string, ...operations: readonly object[]): Promise<unknown> {
  const request = JSON.stringify(['hardware_vtep', ...operations])
  return JSON.parse(await run(['ovsdb-client', 'transact', endpoint, request])) as unknown
}
