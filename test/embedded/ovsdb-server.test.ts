import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { databasePath, INSTALLED_SCHEMA } from '../../src/embedded/database-file.js'
import { EmbeddedServer } from '../../src/embedded/ovsdb-server.js'
import { identifyProcess, isRunning } from '../../src/embedded/process-identity.js'
import { startBackground } from '../lab/background.js'
import { run } from '../lab/command.js'
import { openLab } from '../lab/lab.js'
import { until } from '../lab/until.js'

interface Place {
  readonly stateDir: string
  readonly runDir: string
}

const makePlace = async (t: Test): Promise<Place> => {
  const lab = await openLab()
  t.teardown(lab.close)
  const directory = lab.directory('db')
  return { stateDir: join(directory, 'state'), runDir: join(directory, 'run') }
}

const startIn = async (
  t: Test,
  place: Place,
  warn: (event: string) => void = () => undefined,
): Promise<EmbeddedServer> => {
  const ignore = (): void => undefined
  const server = new EmbeddedServer({ ...place, tls: undefined, log: { debug: ignore, info: ignore, warn } })
  t.teardown(() => server.close())
  await server.start()
  return server
}

const ctl = (server: EmbeddedServer, ...command: string[]) =>
  run(['vtep-ctl', '--timeout=10', `--db=unix:${server.socketPath}`, ...command])

const pidFile = ({ runDir }: Place): string => join(runDir, 'ovsdb-server.pid')
const pidOf = (place: Place): number => Number.parseInt(readFileSync(pidFile(place), 'utf8'), 10)

t.test('the database is made once, and keeps its rows from one server to the next', async (t) => {
  const place = await makePlace(t)
  const first = await startIn(t, place)
  await ctl(first, 'add-ls', 'ls0')
  const process_ = identifyProcess(pidOf(place))!
  await first.close()
  t.notOk(isRunning(process_), 'the server ends with close')
  const second = await startIn(t, place)
  t.equal(await ctl(second, 'list-ls'), 'ls0\n')
})

t.test('a server that dies is started again on the same socket', async (t) => {
  const place = await makePlace(t)
  const server = await startIn(t, place)
  await ctl(server, 'add-ls', 'ls0')
  const former = pidOf(place)
  process.kill(former, 'SIGKILL')
  await until('another server', async () => Promise.resolve(existsSync(pidFile(place)) && pidOf(place) !== former))
  await until('its answer', async () => (await ctl(server, 'list-ls').catch(() => '')) === 'ls0\n')
})

t.test('a server that hangs is ended and started again', async (t) => {
  const place = await makePlace(t)
  const warnings: string[] = []
  const server = await startIn(t, place, (event) => void warnings.push(event))
  await ctl(server, 'add-ls', 'ls0')
  const former = identifyProcess(pidOf(place))!
  process.kill(former.pid, 'SIGSTOP')
  await until('its end', () => Promise.resolve(!isRunning(former)), 60_000)
  await until('its answer', async () => (await ctl(server, 'list-ls').catch(() => '')) === 'ls0\n')
  t.same(warnings, ['ovsdb_server_hangs', 'ovsdb_server_died'])
})

t.test('a server that dies with its database file begins with an empty one', async (t) => {
  const place = await makePlace(t)
  const server = await startIn(t, place)
  await ctl(server, 'add-ls', 'ls0')
  rmSync(databasePath(place.stateDir))
  process.kill(pidOf(place), 'SIGKILL')
  await until('an empty database', async () => (await ctl(server, 'list-ls').catch(() => undefined)) === '')
})

t.test('one whose database file cannot be read comes back when it can', async (t) => {
  const place = await makePlace(t)
  const warnings: string[] = []
  const server = await startIn(t, place, (event) => void warnings.push(event))
  await ctl(server, 'add-ls', 'ls0')
  const content = readFileSync(databasePath(place.stateDir))
  writeFileSync(databasePath(place.stateDir), 'this is no database\n')
  process.kill(pidOf(place), 'SIGKILL')
  await until('a complaint', () => Promise.resolve(warnings.includes('ovsdb_server_not_started')))
  writeFileSync(databasePath(place.stateDir), content)
  await until('its rows', async () => (await ctl(server, 'list-ls').catch(() => undefined)) === 'ls0\n')
})

t.test(
  'a server that an earlier daemon left behind is replaced, an unrelated process with its number is not touched',
  async (t) => {
    const place = await makePlace(t)
    const server = await startIn(t, place)
    await server.close()
    const orphan = startBackground([
      'ovsdb-server',
      databasePath(place.stateDir),
      `--remote=punix:${server.socketPath}`,
      `--pidfile=${join(place.runDir, 'ovsdb-server.pid')}`,
      `--unixctl=${join(place.runDir, 'ovsdb-server.ctl')}`,
      '-vconsole:off',
      '-vsyslog:off',
    ])
    t.teardown(() => orphan.stop('SIGKILL'))
    await until('the orphan to be up', async () => Promise.resolve(existsSync(join(place.runDir, 'ovsdb-server.pid'))))
    await startIn(t, place)
    t.match(await orphan.exited, { signal: 'SIGTERM' }, 'it was asked to end')

    const stranger = startBackground(['sleep', '1000'])
    t.teardown(() => stranger.stop('SIGKILL'))
    const elsewhere = await makePlace(t)
    const first = await startIn(t, elsewhere)
    await first.close()
    writeFileSync(join(elsewhere.runDir, 'ovsdb-server.pid'), `${stranger.pid}\n`)
    await startIn(t, elsewhere)
    t.ok(stranger.running())
  },
)

t.test('a server ends when the daemon that started it is killed', async (t) => {
  const place = await makePlace(t)
  const script = `import { EmbeddedServer } from ${JSON.stringify(new URL('../../src/embedded/ovsdb-server.js', import.meta.url).href)}
    const ignore = () => undefined
    await new EmbeddedServer({ ...${JSON.stringify(place)}, tls: undefined, log: { debug: ignore, info: ignore, warn: ignore } }).start()
    console.log('up')`
  const daemon = startBackground([process.execPath, '--input-type=module', '--eval', script])
  t.teardown(() => daemon.stop('SIGKILL'))
  await until('the server to be up', async () => Promise.resolve(daemon.output().includes('up')))
  const server = identifyProcess(pidOf(place))!
  await daemon.stop('SIGKILL')
  await until('the server to end', async () => Promise.resolve(!isRunning(server)))
})

t.test('a database of an older schema is converted, its rows and a copy of it are kept', async (t) => {
  const place = await makePlace(t)
  const first = await startIn(t, place)
  await ctl(first, 'add-ls', 'ls0')
  await first.close()
  const older = join(place.stateDir, 'older.ovsschema')
  const schema = JSON.parse(readFileSync(INSTALLED_SCHEMA, 'utf8')) as {
    version: string
    tables: Record<string, { columns: Record<string, unknown> }>
  }
  schema.version = '1.3.0'
  delete schema.tables.Logical_Switch?.columns.replication_mode
  writeFileSync(older, JSON.stringify(schema))
  await run(['ovsdb-tool', 'convert', databasePath(place.stateDir), older])
  const second = await startIn(t, place)
  t.equal(await ctl(second, 'list-ls'), 'ls0\n')
  await ctl(second, 'set-replication-mode', 'ls0', 'source_node')
  t.equal(readdirSync(place.stateDir).filter((name) => name.includes('.before-')).length, 1)
})

t.test('a database that cannot be read is an error that says so, and stays as it is', async (t) => {
  const place = await makePlace(t)
  const server = await startIn(t, place)
  await server.close()
  writeFileSync(databasePath(place.stateDir), 'this is no database\n')
  await t.rejects(startIn(t, place), {
    name: 'EmbeddedError',
    message: /hardware_vtep.db cannot be read .*move it away/,
  })
  t.equal(readFileSync(databasePath(place.stateDir), 'utf8'), 'this is no database\n')
})

t.test(
  'a database that another daemon serves is an error that names --state-dir, and that daemon goes on',
  async (t) => {
    const place = await makePlace(t)
    const first = await startIn(t, place)
    const elsewhere = await makePlace(t)
    await t.rejects(startIn(t, { ...elsewhere, stateDir: place.stateDir }), {
      name: 'EmbeddedError',
      code: 'claimed',
      message: `the database in «${place.stateDir}» is already served by the process ${pidOf(place)}: another daemon needs another --state-dir`,
    })
    await ctl(first, 'add-ls', 'ls0')
  },
)
