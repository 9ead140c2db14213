import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Background, startBackground } from './background.js'
import { run } from './command.js'
import type { Namespace } from './namespace.js'
import { transact } from './transact.js'
import { until } from './until.js'

export interface OvsdbServerOptions {
  /** Schema of the database; default: the one that Debian's openvswitch-vtep installs. */
  readonly schema?: string
  /** More remotes, such as `ptcp:6640:127.0.0.1` or `db:hardware_vtep,Global,managers`. */
  readonly remotes?: readonly string[]
  /** More options of ovsdb-server(1), such as the TLS files. */
  readonly flags?: readonly string[]
  /** True for a clustered database of one member; default standalone. */
  readonly clustered?: boolean
  /** Where it runs, so that its TCP remotes are there; default: in the namespace of this process. */
  readonly namespace?: Namespace
  /** Schemas of more databases that it serves, such as Open_vSwitch; default none. */
  readonly beside?: readonly string[]
}

/** A real ovsdb-server on a database in a directory of its own. */
export interface OvsdbServer {
  readonly directory: string
  /** Path of its socket: `unix:${socket}` for clients. */
  readonly socket: string
  /** Starts it again after `kill` or `stop`, on the same database and socket. */
  readonly start: () => Promise<void>
  /** Ends it with SIGKILL, as a crash does. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Stops and continues its process: a peer that is there and says nothing. */
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void
  /** Rewrites the database file without its history. */
  readonly compact: () => Promise<void>
  /** Any command of ovsdb-server's control socket, see ovsdb-server(1). */
  readonly control: (...command: readonly string[]) => Promise<string>
  /** One vtep-ctl command line: one transaction of somebody else. */
  readonly ctl: (...command: readonly string[]) => Promise<string>
  /** A transaction in JSON by ovsdb-client; returns the parsed results. */
  readonly transact: (...operations: readonly object[]) => Promise<unknown>
  readonly output: () => string
  /** Ends it and removes its directory; may be repeated. */
  readonly close: () => Promise<void>
}

export const vtepSchema = '/usr/share/openvswitch/vtep.ovsschema'

/** Makes a database and starts a server on it. Give `close` to the test's teardown: it also cleans up after a failure. */
export async function startOvsdbServer(options: OvsdbServerOptions = {}): Promise<OvsdbServer> {
  const directory = await mkdtemp(join(tmpdir(), 'vtep-ovsdb-'))
  const file = join(directory, 'vtep.db')
  const socket = join(directory, 'db.sock')
  const controlSocket = join(directory, 'ctl.sock')
  const beside = (options.beside ?? []).map((schema, index) => ({
    schema,
    file: join(directory, `beside-${index}.db`),
  }))
  let server: Background | undefined
  let isClosed = false

  const control = (...command: readonly string[]) => run(['ovs-appctl', '-t', controlSocket, ...command])
  const start = async () => {
    const begin = options.namespace?.start ?? startBackground
    const process_ = begin(
      [
        // A test that is killed tears nothing down: the server then ends with it.
        ...['setpriv', '--pdeathsig', 'KILL', '--'],
        'ovsdb-server',
        `--remote=punix:${socket}`,
        `--unixctl=${controlSocket}`,
        '--no-chdir',
        '-vconsole:warn',
        '-vsocket_util:console:info',
        '-vsyslog:off',
        ...(options.remotes ?? []).map((remote) => `--remote=${remote}`),
        ...(options.flags ?? []),
        file,
        ...beside.map((database) => database.file),
      ],
      { OVS_RUNDIR: directory },
    )
    server = process_
    await until('ovsdb-server to answer', async () => {
      if (!process_.running()) throw new Error(`ovsdb-server ended: ${process_.output()}`)
      return control('ovsdb-server/list-dbs').then(
        (databases) => databases.includes('hardware_vtep'),
        () => false,
      )
    })
  }

  const close = async () => {
    if (isClosed) return
    isClosed = true
    await server?.stop('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }

  const schema = options.schema ?? vtepSchema
  try {
    if (options.clustered)
      await run(['ovsdb-tool', 'create-cluster', file, schema, `unix:${join(directory, 'raft.sock')}`])
    else await run(['ovsdb-tool', 'create', file, schema])
    for (const database of beside) await run(['ovsdb-tool', 'create', database.file, database.schema])
    await start()
  } catch (error) {
    await close()
    throw error
  }

  return {
    directory,
    socket,
    start,
    kill: async () => {
      await server?.stop('SIGKILL')
    },
    stop: async () => {
      await server?.stop('SIGTERM')
    },
    signal: (signal) => {
      if (server?.running() === true) process.kill(server.pid, signal)
    },
    compact: async () => {
      await control('ovsdb-server/compact')
    },
    control,
    ctl: async (...command) => (await run(['vtep-ctl', '--timeout=20', `--db=unix:${socket}`, ...command])).trimEnd(),
    transact: (...operations) => transact(`unix:${socket}`, ...operations),
    output: () => server?.output() ?? '',
    close,
  }
}
