import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { shownSchema } from '../../src/console/shown.js'
import { openLab } from '../lab/lab.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { makeBox } from './box.js'

/** A client that holds the lock, by force if need be, until it is destroyed. */
const takeLock = async (t: Test, socketPath: string) => {
  const thief = connect(socketPath)
  t.teardown(() => thief.destroy())
  thief.on('error', () => undefined)
  await once(thief, 'connect')
  thief.write(JSON.stringify({ id: 1, method: 'steal', params: ['vtep_gw'] }))
  await once(thief, 'data')
  return thief
}

t.test('while another client holds the lock the kernel is left as it is, and then gets all that changed', async (t) => {
  const box = await makeBox(t)
  const daemon = await box.start()
  const show = async () => shownSchema.parse(JSON.parse((await box.vtep('show', '--json')).stdout))
  const addSwitch = (name: string, vni: number, vlan: string) =>
    box.ctl(
      ...['add-ls', name, '--', 'set', 'Logical_Switch', name, `tunnel_key=${vni}`],
      ...['--', 'bind-ls', 'gw', 'port1', vlan, name],
    )
  const stateOf = async (name: string) => (await show()).logicalSwitches?.find((row) => row.name === name)?.state
  await addSwitch('blue', 5001, '1')
  await until('blue to forward', async () => (await stateOf('blue')) === 'forwarding')

  const thief = await takeLock(t, join(box.runDir, 'db.sock'))
  await until('the loss', async () => (await show()).status?.database.lock === 'held by another client')
  await addSwitch('red', 5002, '2')
  await until('the replica to have red', async () => (await stateOf('red')) !== undefined)
  t.not(await stateOf('red'), 'forwarding')
  t.equal(await stateOf('blue'), 'forwarding')
  t.match(daemon.output(), /"event":"lock_lost"/)

  thief.destroy()
  await until('red to forward', async () => (await stateOf('red')) === 'forwarding')
})

t.test('a daemon that waits for the lock does not give up after its database went away meanwhile', async (t) => {
  const lab = await openLab()
  t.teardown(lab.close)
  const box = await makeBox(t, lab)
  const server = await startOvsdbServer()
  t.teardown(() => server.close())
  await takeLock(t, server.socket)
  const started = box.start('--ovsdb', `unix:${server.socket}`, '--log-level', 'debug')
  const status = async () => (await box.vtep('show', 'status')).stdout
  await until('the daemon to wait', async () => (await status()).includes('held by another'))
  await server.kill()
  await until('the daemon to see it', async () => (await status()).includes('out of reach'))
  await lastsBeyondPatience(server.socket)
  await server.start()
  const daemon = await started
  t.ok(daemon.running())
})

/** A pause of 2 s between attempts to connect ends 3.75 s after the loss (0.25 + 0.5 + 1 + 2): the patience with a holder is shorter. */
async function lastsBeyondPatience(socketPath: string): Promise<void> {
  rmSync(socketPath, { force: true })
  const attemptsMs: number[] = []
  const deaf = createServer((socket) => {
    attemptsMs.push(performance.now())
    socket.destroy()
  })
  await new Promise<void>((resolve) => deaf.listen(socketPath, resolve))
  await until('a long pause', () =>
    Promise.resolve(attemptsMs.some((atMs, index) => atMs - (attemptsMs[index - 1] ?? atMs) > 1_900)),
  )
  await new Promise((resolve) => deaf.close(resolve))
}
