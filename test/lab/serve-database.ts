import { existsSync } from 'node:fs'
import { run } from './command.js'
import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import { until } from './until.js'

/** Creates a database from a schema file and serves it on a unix socket in the directory; returns the endpoint. */
export async function serveDatabase(
  lab: Lab,
  namespace: Namespace,
  directory: string,
  name: string,
  schema: string,
): Promise<string> {
  const socket = `${directory}/${name}.sock`
  await run(['ovsdb-tool', 'create', `${directory}/${name}.db`, schema])
  const server = namespace.start([
    'ovsdb-server',
    `${directory}/${name}.db`,
    `--remote=punix:${socket}`,
    `--unixctl=${directory}/${name}.ctl`,
  ])
  lab.own(() => server.stop())
  await until(`${socket} to be served`, () => Promise.resolve(existsSync(socket)))
  return `unix:${socket}`
}
