import t from 'tap'
import { type SectionName, type Shown, shownSchema } from '../../src/console/shown.js'
import { until } from '../lab/until.js'
import { makeBox } from './box.js'

t.test('frames to a tunnel without a path are counted, and who looks or reads the log is told', async (t) => {
  const box = await makeBox(t)
  const daemon = await box.start()
  const show = async <S extends SectionName>(section: S, word: string = section): Promise<NonNullable<Shown[S]>> => {
    const shown = shownSchema.parse(JSON.parse((await box.vtep('show', word, '--json')).stdout))
    return shown[section] as NonNullable<Shown[S]>
  }
  await box.namespace.ip('neigh replace 10.9.0.2 lladdr 02:00:00:00:00:fe dev underlay0')
  await box.ctl('add-ls', 'ls0', '--', 'set', 'Logical_Switch', 'ls0', 'tunnel_key=5001')
  await box.ctl('bind-ls', 'gw', 'port1', '0', 'ls0')
  await box.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:02', '10.9.0.2')
  await box.ctl('add-ucast-remote', 'ls0', '02:00:00:00:00:03', '10.55.0.9')
  const without = (withoutPath: number) =>
    until(`${withoutPath} tunnels without a path`, async () => {
      const { tunnels } = await show('status')
      return tunnels.count === 2 && tunnels.withoutPath === withoutPath
    })
  await without(1)
  t.match(
    (await box.vtep('show', 'status')).stdout,
    /^ +tunnels: +2, of which 1 without a path: see vtep show tunnels$/m,
  )
  t.match(
    (await show('tunnels')).map(({ path, mtu }) => ({ path, mtu })),
    [
      { path: 'ready', mtu: 1450 },
      { path: 'no route', mtu: null },
    ],
  )
  t.match((await box.vtep('show', 'tunnels')).stdout, /^ +10\.55\.0\.9 +10\.9\.0\.1 +no route +- +- +- +tc /m)

  await box.namespace.ip(
    'address add 10.1.1.1/24 dev server1',
    'neigh add 10.1.1.3 lladdr 02:00:00:00:00:03 dev server1',
  )
  await until('the binding to forward', async () => (await show('bindings'))[0]?.state === 'forwarding')
  const lost = async () => {
    const drops = (await show('drops', 'counters')).filter(({ reason }) => reason === 'no_path')
    t.ok(drops.every(({ netdev }) => netdev === ''))
    return drops.reduce((sum, { packets }) => sum + packets, 0)
  }
  const before = await lost()
  await box.namespace.attempt(['ping', '-n', '-c10', '-i0.01', '-W1', '-I', 'server1', '10.1.1.3'])
  t.ok((await lost()) >= before + 10, 'each ping is counted')
  t.match(
    (await box.vtep('show', 'counters')).stdout,
    /overlay +\d+ +no_path +the kernel found no way to the VTEP: see/,
  )

  const says = (line: RegExp) => until(String(line), async () => line.test(daemon.output()))
  await box.namespace.ip('link set fabric0 down')
  await says(/"level":"warn".*"remote":"10\.9\.0\.2","reason":"device_down","event":"tunnel_path_lost"/)
  await without(2)
  await box.namespace.ip('link set fabric0 up', 'neigh replace 10.9.0.2 lladdr 02:00:00:00:00:fe dev underlay0')
  await says(/"level":"info".*"remote":"10\.9\.0\.2","event":"tunnel_path_found"/)
  await without(1)

  for (const [change, state] of [
    ['link set server1 down', 'no carrier'],
    ['link set server1 up', 'up'],
    ['link set port1 down', 'down'],
    ['link set port1 up', 'up'],
    ['link del port1', 'absent'],
  ] as const) {
    const told = () =>
      daemon.output().split(`"port":"port1","netdev":"port1","state":"${state}","event":"port_state"`).length
    const before = told()
    await box.namespace.ip(change)
    await until(`${change} to be told`, async () => told() === before + 1)
  }
})

t.test('a binding says that its port is not up, and a port what else the box does with its device', async (t) => {
  const box = await makeBox(t)
  await box.namespace.ip('address add 10.7.7.7/24 dev port1')
  const daemon = await box.start()
  await box.ctl('add-ls', 'ls0', '--', 'set', 'Logical_Switch', 'ls0', 'tunnel_key=5001')
  await box.ctl('bind-ls', 'gw', 'port1', '0', 'ls0')
  const stateIs = (state: string) =>
    until(state, async () => {
      const { bindings } = shownSchema.parse(JSON.parse((await box.vtep('show', 'bindings', '--json')).stdout))
      return bindings?.[0]?.state === state
    })
  await stateIs('forwarding')
  t.match((await box.vtep('show', 'ports')).stdout, /^ +port1 +port1 +up .* has the address 10\.7\.7\.7$/m)
  t.match(
    daemon.output(),
    /"level":"warn".*"netdev":"port1","use":"has the address 10\.7\.7\.7","event":"port_not_alone"/,
  )
  await box.namespace.ip('address flush dev port1', 'link add br0 type bridge', 'link set port1 master br0')
  await until('the bridge', async () => (await box.vtep('show', 'ports')).stdout.includes('belongs to br0'))
  t.match(daemon.output(), /"use":"belongs to br0","event":"port_not_alone"/)
  await box.namespace.ip('link set port1 nomaster')
  await until('no bridge', async () => !(await box.vtep('show', 'ports')).stdout.includes('belongs to'))
  await box.namespace.ip('link set server1 down')
  await stateIs('the port has no carrier')
  await box.namespace.ip('link set port1 down')
  await stateIs('the port is down')
  await box.namespace.ip('link del port1')
  await stateIs('the port is absent')
})
