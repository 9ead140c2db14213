import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeAuthority } from '../lab/authority.js'
import { run } from '../lab/command.js'
import { openLab } from '../lab/lab.js'
import { vtepSchema } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { makeBox } from './box.js'

t.test('a manager is served over TLS, and one without a certificate of the authority is not', async (t) => {
  const box = await makeBox(t)
  const { config, issue, issueForeign } = await makeFiles(box.directory)
  await box.start('--config', config, '--manager', 'pssl:6640:127.0.0.1')
  const ctl = (files: Awaited<ReturnType<typeof issue>>, ...command: string[]) =>
    box.namespace.attempt(['vtep-ctl', '--timeout=5', '--db=ssl:127.0.0.1:6640', ...tlsFlags(files), ...command])

  const controller = await issue('controller')
  await until('the server to listen', async () => (await ctl(controller, 'list-ls')).status === 0)
  t.match(await ctl(controller, 'add-ls', 'blue'), { status: 0 })
  t.match(await box.ctl('list-ls'), 'blue')
  t.not((await ctl(await issueForeign('stranger'), 'add-ls', 'red')).status, 0)
  t.notMatch(await box.ctl('list-ls'), 'red')
})

t.test('the daemon works on a database over TLS; its log names no secret', async (t) => {
  const lab = await openLab()
  t.teardown(lab.close)
  const box = await makeBox(t, lab)
  const { config, issue } = await makeFiles(box.directory)
  const database = join(box.directory, 'external.db')
  const socket = join(box.directory, 'external.sock')
  await run(['ovsdb-tool', 'create', database, vtepSchema])
  const server = box.namespace.start([
    ...['ovsdb-server', `--remote=punix:${socket}`, '--remote=pssl:6640:127.0.0.1', '--no-chdir', '--unixctl=none'],
    ...tlsFlags(await issue('server')),
    database,
  ])
  lab.own(() => server.stop())
  const daemon = await box.start('--ovsdb', 'ssl:127.0.0.1:6640', '--config', config)
  const ctl = (...command: string[]) => run(['vtep-ctl', '--timeout=5', `--db=unix:${socket}`, ...command])
  t.equal((await ctl('list-ports', 'gw')).trim(), 'port1')

  await ctl('add-ls', 'blue', '--', 'set', 'Logical_Switch', 'blue', 'tunnel_key=5001')
  await ctl('bind-ls', 'gw', 'port1', '0', 'blue')
  await until('the binding to be served', async () =>
    /port1 +untagged +blue +5001 +forwarding/.test((await box.vtep('show', 'bindings')).stdout),
  )
  t.notMatch(daemon.output(), 'PRIVATE KEY')
})

async function makeFiles(directory: string) {
  const issue = await makeAuthority(directory, 'ours')
  const issueForeign = await makeAuthority(directory, 'foreign')
  const files = await issue('gateway')
  const config = join(directory, 'vtepd.yml')
  const lines = [
    `private-key: ${files.privateKeyFile}`,
    `certificate: ${files.certificateFile}`,
    `ca-cert: ${files.caFile}`,
  ]
  await writeFile(config, lines.join('\n'))
  return { config, issue, issueForeign }
}

function tlsFlags(files: { privateKeyFile: string; certificateFile: string; caFile: string }): string[] {
  return [
    `--private-key=${files.privateKeyFile}`,
    `--certificate=${files.certificateFile}`,
    `--ca-cert=${files.caFile}`,
  ]
}
