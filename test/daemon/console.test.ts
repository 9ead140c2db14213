import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { SECTION_NAMES, shownSchema } from '../../src/console/shown.js'
import { checkoutPath } from '../lab/checkout.js'
import { until } from '../lab/until.js'
import { makeBox } from './box.js'

t.test('the console shows what is there, and why the rest is not', async (t) => {
  const box = await makeBox(t)
  t.match(await box.vtep('show'), { status: 3, stderr: `vtep: no vtepd runs with the run directory ${box.runDir}\n` })
  t.match(await box.vtep('shaw'), { status: 2, stderr: /no such command: «shaw»/ })
  t.match(await box.vtep('show', '--jason'), { status: 2 })
  t.match(await box.vtep(), { status: 2 })

  const daemon = await box.start('--manager', 'ptcp:0:127.0.0.1')
  await box.ctl('add-ls', 'it\'s "blue"', '--', 'set', 'Logical_Switch', 'it\'s "blue"', 'tunnel_key=5001')
  await box.ctl('bind-ls', 'gw', 'port1', '7', 'it\'s "blue"', '--', 'bind-ls', 'gw', 'port1', '4095', 'it\'s "blue"')
  await box.ctl('add-ucast-remote', 'it\'s "blue"', '02:00:00:00:00:99', '10.9.0.2')
  await box.ctl('add-ucast-remote', 'it\'s "blue"', 'Not A Mac', '10.9.0.2')
  const row = await box.ctl('--bare', '--columns=_uuid', 'find', 'Ucast_Macs_Remote', 'MAC="02:00:00:00:00:99"')
  await box.ctl('set', 'Ucast_Macs_Remote', row.trim(), 'ipaddr=10.0.0.9')
  await box.ctl('add-ls', 'wrong', '--', 'set', 'Logical_Switch', 'wrong', 'tunnel_key=-3')

  const show = async (...words: string[]) => {
    const { status, stdout } = await box.vtep('show', ...words, '--json')
    t.equal(status, 0)
    return shownSchema.strict().parse(JSON.parse(stdout))
  }
  await until('the faults to be published', async () => {
    const { status } = await show('status')
    return status?.faults.switch.length === 1 && status.faults.ports.port1 !== undefined
  })
  t.match(daemon.output(), /"level":"info".*"table":"Logical_Switch","subject":.*wrong.*"event":"not_served"/)
  const everything = await show()
  t.same(Object.keys(everything), SECTION_NAMES)
  t.match(everything, {
    status: {
      switch: 'gw',
      state: 'degraded',
      tunnelIp: '10.9.0.1',
      database: {
        target: `unix:${box.runDir}/db.sock`,
        isOwnServer: true,
        state: 'connected',
        lock: 'held by this daemon',
        publishError: null,
      },
      managers: [{ target: 'ptcp:0:127.0.0.1', isConnected: false }],
      faults: { switch: ['unspecified_fault'], ports: { port1: ['invalid_vlan_map'] } },
    },
    faults: { refusedCount: 3, failed: [] },
    ports: [{ port: 'port1', netdev: 'port1', state: 'up', mode: 'tc', bindings: 1, faults: ['invalid_vlan_map'] }],
    logicalSwitches: [
      { name: 'it\'s "blue"', vni: 5001, state: 'forwarding', remoteMacs: 1, arpNdSuppression: true, neighbours: 1 },
      { name: 'wrong', vni: -3, state: /-3/ },
    ],
    localMacs: [],
    remoteMacs: [{ logicalSwitch: 'it\'s "blue"', mac: '02:00:00:00:00:99', vtep: '10.9.0.2' }],
    neighbours: [
      { logicalSwitch: 'it\'s "blue"', address: '10.0.0.9', macs: ['02:00:00:00:00:99'], state: 'answered' },
    ],
    tunnels: [{ remote: '10.9.0.2', local: '10.9.0.1', mtu: 1450 }],
    counters: [{ port: 'port1', vlan: 7, packetsFromLocal: 0 }],
  })
  t.same(
    everything.bindings?.map(({ vlan, state }) => [vlan, state.replace(/.*(4095).*/, '$1')]),
    [
      [7, 'forwarding'],
      [4095, '4095'],
    ],
  )
  t.same(Object.keys(await show('macs', 'remote')), ['remoteMacs'])
  t.same(Object.keys(await show('count')), ['counters', 'drops'])

  const { stdout } = await box.vtep('show')
  for (const heading of [
    'Status',
    'Faults',
    'Ports',
    'Bindings',
    'Logical switches',
    'Remote MACs',
    'Neighbours',
    'Tunnels',
    'Drops by reason',
  ]) {
    t.match(stdout, new RegExp(`^${heading}$`, 'm'))
  }
  t.match(
    stdout,
    /^ +unspecified_fault +Ucast_Macs_Remote +Not A Mac in it's "blue" +"Not A Mac" is not a MAC address/m,
  )

  await box.ctl('set', 'Logical_Switch', 'wrong', 'tunnel_key=5002', '--', 'unbind-ls', 'gw', 'port1', '4095')
  await box.ctl('del-ucast-remote', 'it\'s "blue"', 'Not A Mac')
  await until('the faults to be cleared', async () => {
    const { status } = await show('status')
    return (
      status?.state === 'in service' && status.faults.switch.length === 0 && status.faults.ports.port1 === undefined
    )
  })

  t.match(daemon.output(), /"level":"info".*"table":"Logical_Switch","subject":.*wrong.*"event":"no_longer_refused"/)

  t.match(await box.vtep('datapath', 'detach'), { status: 0, stdout: /removed from the kernel, and the daemon ends/ })
  t.match(await daemon.exited, { code: 0 })
  t.equal((await box.namespace.run(['tc', 'filter', 'show', 'dev', 'port1', 'ingress'])).trim(), '')
})

t.test('a tunnel that carries nothing says why', async (t) => {
  const box = await makeBox(t)
  await box.start()
  await box.ctl('add-ls', 'ls0', '--', 'set', 'Logical_Switch', 'ls0', 'tunnel_key=5001')
  await box.ctl('bind-ls', 'gw', 'port1', '0', 'ls0')
  await box.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:02', '10.9.0.2')
  await box.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:03', '10.55.0.9')
  const pathsAre = (near: string, far: string) =>
    until(`paths ${near}, ${far}`, async () => {
      const { tunnels = [] } = shownSchema.parse(JSON.parse((await box.vtep('show', 'tunnels', '--json')).stdout))
      const path = (of: string) => tunnels.find(({ remote }) => remote === of)?.path
      return path('10.9.0.2') === near && path('10.55.0.9') === far
    })
  await pathsAre('no answer', 'no route')
  await box.namespace.ip(
    'neigh replace 10.9.0.2 lladdr 02:00:00:00:00:fe dev underlay0',
    'route add 10.55.0.0/16 via 10.9.0.2',
  )
  await pathsAre('ready', 'ready')
  await box.namespace.ip('link set fabric0 down')
  await pathsAre('device down', 'device down')
  t.match((await box.vtep('show', 'tunnels')).stdout, /10\.9\.0\.2 +10\.9\.0\.1 +device down/)
})

t.test('a daemon that hangs is told apart from one that does not run', async (t) => {
  const box = await makeBox(t)
  const daemon = await box.start()
  process.kill(daemon.pid, 'SIGSTOP')
  const outcome = await box.vtep('show')
  process.kill(daemon.pid, 'SIGCONT')
  t.match(outcome, { status: 3, stderr: /has not answered for 10 s/ })
  t.match(await box.vtep('show', 'status'), { status: 0 })
})

t.test('a port that the next configuration lacks is given back to the system', async (t) => {
  const box = await makeBox(t)
  await box.namespace.ip('link add port2 type veth peer name server2', 'link set port2 up', 'link set server2 up')
  const filters = async () => (await box.namespace.run(['tc', 'filter', 'show', 'dev', 'port2', 'ingress'])).trim()
  const first = await box.start('--port', 'port2')
  t.match(await filters(), 'access_tc')
  await first.stop('SIGTERM')
  t.match(await filters(), 'access_tc')
  await box.start()
  await until('the filter to go', async () => (await filters()) === '')
  const [link] = JSON.parse(await box.namespace.run(['ip', '-d', '-j', 'link', 'show', 'port2'])) as {
    promiscuity: number
  }[]
  t.equal(link?.promiscuity, 0)
})

t.test('frames that no binding takes are counted under a reason that is explained', async (t) => {
  const box = await makeBox(t)
  await box.start()
  await box.namespace.ip('address add 10.1.1.1/24 dev server1')
  await box.namespace.attempt(['ping', '-c1', '-W1', '-I', 'server1', '10.1.1.2'])
  const { stdout } = await box.vtep('show', 'counters')
  t.match(stdout, /port port1 +\d+ +unbound_vlan +no binding exists for this port and VLAN/)
})

t.test('a device that vanishes makes its port faulty, and one of the same name takes its place', async (t) => {
  const box = await makeBox(t)
  await box.start()
  await box.ctl(
    'add-ls',
    'ls0',
    '--',
    'set',
    'Logical_Switch',
    'ls0',
    'tunnel_key=5001',
    '--',
    'bind-ls',
    'gw',
    'port1',
    '0',
    'ls0',
  )
  const port = async () => shownSchema.parse(JSON.parse((await box.vtep('show', '--json')).stdout)).ports?.[0]
  await until('the port to forward', async () => (await port())?.state === 'up')
  await box.namespace.ip('link del port1')
  await until(
    'the fault',
    async () => (await box.ctl('get', 'Physical_Port', 'port1', 'port_fault_status')) === '[unspecified_fault]',
  )
  t.match(await port(), { state: 'absent' })
  t.match((await box.vtep('show', 'faults')).stdout, /^ +unspecified_fault +device port1 +.*port1/m)
  await box.namespace.ip('link add port1 type veth peer name server1', 'link set port1 up', 'link set server1 up')
  await until(
    'the fault to go',
    async () => (await box.ctl('get', 'Physical_Port', 'port1', 'port_fault_status')) === '[]',
  )
  t.match(await port(), { state: 'up', bindings: 1 })
  t.match(await box.namespace.run(['tc', 'filter', 'show', 'dev', 'port1', 'ingress']), /access_tc/)
})

t.test('what keeps the console from asking or from printing is said', async (t) => {
  const box = await makeBox(t)
  mkdirSync(box.runDir)
  const dying = createServer((socket) => socket.destroy())
  await new Promise<void>((listening) => dying.listen(join(box.runDir, 'console.sock'), listening))
  t.teardown(() => dying.close())
  t.match(await box.vtep('show'), { status: 3, stderr: /ended before it answered: its log says why\n$/ })
  t.match(await box.vtep('show', '--run-dir='), { status: 2, stderr: /^vtep: --run-dir has no value/ })
  const full = `exec ${process.execPath} ${checkoutPath('dist/vtep.js')} --help >/dev/full`
  t.match(await box.namespace.attempt(['sh', '-c', full]), { status: 1, stderr: /^vtep: cannot write .*no space left/ })
})
