import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openLab } from '../lab/lab.js'
import { makeBox } from './box.js'

t.test(
  'what is wrong with the settings ends the daemon with one sentence and status 1 before anything is touched',
  async (t) => {
    const box = await makeBox(t)
    const file = join(box.directory, 'vtepd.yaml')
    writeFileSync(file, `state-dir: ${box.stateDir}\nrun-dir: ${box.runDir}\nports:\n  - port1\n  - swp9\n`)
    const dirs = ['--state-dir', box.stateDir, '--run-dir', box.runDir]
    for (const [flags, message] of [
      [['--config', file], `vtepd: ${file}:5: port «swp9»: the device «swp9» does not exist\n`],
      [[...dirs, '--port', 'swp9'], 'vtepd: --port: port «swp9»: the device «swp9» does not exist\n'],
      [[...dirs, '--tunnel-ip', '10.9.0.2'], 'vtepd: --tunnel-ip: no device of this box has the address 10.9.0.2\n'],
      [
        [...dirs, '--reserved-vlans', '1, ten'],
        'vtepd: --reserved-vlans: "1, ten" says no VLANs: "ten" is neither a number nor a range like 100-199\n',
      ],
      [[...dirs, '--no-such-flag'], "vtepd: Unknown option '--no-such-flag'; see vtepd --help\n"],
    ] as const) {
      t.same(await box.attemptVtepd(...flags), { status: 1, stdout: '', stderr: message })
    }
    t.notOk(existsSync(box.stateDir))
    t.notOk(existsSync(box.runDir))
  },
)

t.test('--help and --version need no box', async (t) => {
  const box = await makeBox(t)
  t.match(await box.attemptVtepd('--help'), { status: 0, stdout: /^vtepd: [^]*--tunnel-ip ADDR/, stderr: '' })
  t.match(await box.attemptVtepd('--version'), { status: 0, stdout: /^vtepd \d+\.\d+\.\d+\n$/, stderr: '' })
  t.match(await box.vtep('--help'), { status: 0, stdout: /show logical-switches/ })
})

t.test('a second daemon is turned away by the namespace, by the run directory and by the database', async (t) => {
  const lab = await openLab()
  t.teardown(lab.close)
  const box = await makeBox(t, lab)
  await box.start()
  const [elsewhere, elsewhereState] = [join(box.directory, 'run2'), join(box.directory, 'state2')]

  t.match(await box.attemptVtepd('--switch', 'gw', '--run-dir', elsewhere, '--state-dir', elsewhereState), {
    status: 1,
    stderr: 'vtepd: --switch: another vtepd runs the switch «gw» in this network namespace\n',
  })
  t.notOk(existsSync(elsewhere))

  t.match(await box.attemptVtepd('--switch', 'gw2', '--run-dir', box.runDir, '--state-dir', elsewhereState), {
    status: 1,
    stderr: /^vtepd: --run-dir: vtepd with process id \d+ \(switch «gw»\) already uses the run directory/,
  })

  const other = await makeBox(t, lab, 'other')
  const database = `unix:${box.runDir}/db.sock`
  t.match(await other.attemptVtepd('--switch', 'gw', '--run-dir', other.runDir, '--ovsdb', database), {
    status: 1,
    stderr:
      /vtepd: another client holds the lock vtep_gw of the database: a vtepd that runs the switch «gw», or one that ended .*\n$/,
  })
  t.equal((await other.namespace.run(['tc', 'filter', 'show', 'dev', 'port1', 'ingress'])).trim(), '')
  t.equal((await box.vtep('show', 'status')).status, 0, 'the first one goes on')
})

t.test('a daemon that was killed leaves nothing that keeps the next one from starting', async (t) => {
  const box = await makeBox(t)
  const first = await box.start()
  await first.stop('SIGKILL')
  await box.start()
})
