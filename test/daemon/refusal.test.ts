import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { identifyProcess, isRunning } from '../../src/embedded/process-identity.js'
import { openLab } from '../lab/lab.js'
import { makeBox } from './box.js'

t.test(
  'what is wrong with the settings ends the daemon with one sentence and status 1 before anything is touched',
  async (t) => {
    const box = await makeBox(t)
    const file = join(box.directory, 'vtepd.yaml')
    writeFileSync(file, `state-dir: ${box.stateDir}\nrun-dir: ${box.runDir}\nports:\n  - port1\n  - swp9=lo\n`)
    const dirs = ['--state-dir', box.stateDir, '--run-dir', box.runDir]
    for (const [flags, message] of [
      [['--config', file], `vtepd: ${file}:5: port «swp9»: «lo» can be no access port\n`],
      [
        [...dirs, '--port', 'swp9=a name'],
        'vtepd: --port: «a name» cannot be the name of a network device; write NAME=NETDEV\n',
      ],
      [[...dirs, '--tunnel-ip', '10.9.0.256'], /^vtepd: --tunnel-ip: "10\.9\.0\.256" is not an IPv4 address.*\n$/],
      [
        [...dirs, '--reserved-vlans', '1, ten'],
        'vtepd: --reserved-vlans: "1, ten" says no VLANs: "ten" is neither a number nor a range like 100-199\n',
      ],
      [[...dirs, '--no-such-flag'], "vtepd: Unknown option '--no-such-flag'; see vtepd --help\n"],
    ] as const) {
      t.match(await box.attemptVtepd(...flags), { status: 1, stdout: /^$/, stderr: message })
    }
    t.notOk(existsSync(box.stateDir))
    t.notOk(existsSync(box.runDir))
  },
)

t.test('a place where no directory can be made is said, and the daemon ends', async (t) => {
  const box = await makeBox(t)
  const own = ['--switch', 'gw', '--run-dir', box.runDir]
  for (const [flags, message] of [
    [
      ['--run-dir', '/proc/vtepd'],
      'vtepd: --run-dir: the directory «/proc/vtepd» cannot be made: its file system takes none\n',
    ],
    [['--run-dir', '/etc/hostname'], 'vtepd: --run-dir: «/etc/hostname» is no directory\n'],
    [['--run-dir', '/etc/hostname/x'], 'vtepd: --run-dir: «/etc/hostname» is no directory\n'],
    [
      [...own, '--state-dir', '/proc/1/x'],
      'vtepd: --state-dir: the directory «/proc/1/x» cannot be made: its file system takes none\n',
    ],
  ] as const) {
    const { status, stderr } = await box.attemptVtepd(...flags)
    t.equal(status, 1)
    t.equal(stderr.slice(stderr.lastIndexOf('vtepd: ')), message)
  }
})

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
  const first = await box.start()
  const other = await makeBox(t, lab, 'other')
  const [elsewhere, elsewhereState] = [join(box.directory, 'run2'), join(box.directory, 'state2')]

  t.match(await box.attemptVtepd('--switch', 'gw', '--run-dir', elsewhere, '--state-dir', elsewhereState), {
    status: 1,
    stderr: `vtepd: --switch: vtepd with process id ${first.pid} (run directory «${box.runDir}») runs the switch «gw» in this network namespace already\n`,
  })
  t.notOk(existsSync(elsewhere))

  t.match(await box.attemptVtepd('--switch', 'gw2', '--run-dir', elsewhere, '--state-dir', elsewhereState), {
    status: 1,
    stderr: `vtepd: --switch: this network namespace has one gateway, which is «gw», not «gw2»: vtepd with process id ${first.pid} (`,
  })
  t.notOk(existsSync(elsewhere))

  t.match(await other.attemptVtepd('--switch', 'gw2', '--run-dir', box.runDir, '--state-dir', elsewhereState), {
    status: 1,
    stderr: /^vtepd: --run-dir: vtepd with process id \d+ \(switch «gw»\) already uses the run directory/,
  })

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

t.test('Ctrl-C, which every process of the terminal gets, is a clean end', async (t) => {
  const box = await makeBox(t)
  const daemon = await box.start()
  const server = identifyProcess(Number.parseInt(readFileSync(join(box.runDir, 'ovsdb-server.pid'), 'utf8'), 10))
  t.ok(server)
  daemon.signalSession('SIGINT')
  t.match(await daemon.exited, { code: 0 })
  t.notMatch(daemon.output(), /"level":"(warn|error)"/)
  t.notOk(server !== undefined && isRunning(server), 'its server is gone, too')
})
