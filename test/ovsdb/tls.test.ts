import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeAuthority } from '../lab/authority.js'
import { run } from '../lab/command.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from './observed-client.js'

/** IPv6 too, unless this kernel is without it. */
const hosts = ['127.0.0.1', ...(networkInterfaces().lo?.some(({ family }) => family === 'IPv6') ? ['[::1]'] : [])]

async function open(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'vtep-pki-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const issue = await makeAuthority(directory, 'ours')
  const foreignIssue = await makeAuthority(directory, 'foreign')
  const files = await issue('server')
  const server = await startOvsdbServer({
    remotes: hosts.map((host) => `pssl:0:${host}`),
    flags: [
      `--private-key=${files.privateKeyFile}`,
      `--certificate=${files.certificateFile}`,
      `--ca-cert=${files.caFile}`,
    ],
  })
  t.teardown(() => server.close())
  const ports = await until('the server to listen', () => {
    const found = [...server.output().matchAll(/: listening on port (\d+)/g)].map(([, port]) => Number(port))
    return Promise.resolve(found.length === hosts.length && found)
  })
  return { directory, server, ports, issue, foreignIssue }
}

t.test('both sides prove themselves, over IPv4 and IPv6', async (t) => {
  const { ports, issue, server } = await open(t)
  await server.ctl('add-ls', 'blue')
  const tls = await issue('client')
  for (const [i, host] of hosts.entries()) {
    const observed = observe(t, `ssl:${host}:${ports[i]}`, { tls })
    await observed.synced()
    t.equal(observed.client.replica.table('Logical_Switch').size, 1, host)
  }
})

t.test('a server of another authority is refused, and the reason names the CA file', async (t) => {
  const { ports, issue, foreignIssue } = await open(t)
  const tls = { ...(await issue('client')), caFile: (await foreignIssue('client')).caFile }
  const observed = observe(t, `ssl:127.0.0.1:${ports[0]}`, { tls })
  const { reason } = await observed.reaches('backoff')
  t.match(reason, { code: 'connection failed', details: `certificate is not signed by the CA in ${tls.caFile}` })
  t.notOk(
    observed.states.some((state) => state.kind === 'synchronizing'),
    'nothing was sent to it',
  )
})

t.test('a server that refuses our certificate is told apart', async (t) => {
  const { ports, issue, foreignIssue } = await open(t)
  const tls = { ...(await foreignIssue('client')), caFile: (await issue('client')).caFile }
  const observed = observe(t, `ssl:127.0.0.1:${ports[0]}`, { tls })
  const { reason } = await observed.reaches('backoff')
  t.match(reason.details, `the server refused the certificate in ${tls.certificateFile}`)
})

t.test('files that are missing or no PEM are named, and read again at the next attempt', async (t) => {
  const { directory, ports, issue } = await open(t)
  const tls = await issue('client')
  const missing = join(directory, 'later.pem')
  const observed = observe(t, `ssl:127.0.0.1:${ports[0]}`, { tls: { ...tls, caFile: missing } })
  t.notOk(existsSync(missing))
  t.match((await observed.reaches('backoff')).reason, {
    code: 'connection failed',
    details: `cannot read the CA certificate ${missing}: ENOENT`,
  })
  await writeFile(missing, await run(['cat', tls.caFile]))
  await observed.synced()

  const garbled = join(directory, 'garbled.key')
  await writeFile(garbled, 'secret words, no key')
  const other = observe(t, `ssl:127.0.0.1:${ports[0]}`, { tls: { ...tls, privateKeyFile: garbled } })
  const { reason } = await other.reaches('backoff')
  t.match(reason, { code: 'connection failed', details: garbled })
  t.notMatch(`${other.logged.join(' ')} ${reason.message}`, /secret words/, 'what is in the file is not told')
})

t.test('an ssl: endpoint without files is an error that says so', async (t) => {
  const observed = observe(t, 'ssl:127.0.0.1:6640')
  t.match((await observed.reaches('backoff')).reason.details, /needs a private key, a certificate and a CA certificate/)
})

t.test('a client that speaks plain text to a TLS port is not synced', async (t) => {
  const { ports } = await open(t)
  const observed = observe(t, `tcp:127.0.0.1:${ports[0]}`)
  const { reason } = await observed.reaches('backoff')
  t.match(reason.code, /protocol error|connection lost/)
})
