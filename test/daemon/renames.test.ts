import t from 'tap'
import { shownSchema } from '../../src/console/shown.js'
import { until } from '../lab/until.js'
import { makeBox } from './box.js'

t.test('a port is the device of its name, whichever that is', async (t) => {
  const box = await makeBox(t)
  await box.namespace.ip('link add port2 type veth peer name server2', 'link set port2 up', 'link set server2 up')
  await box.start('--port', 'port2')
  for (const [name, vni, port] of [
    ['blue', '5001', 'port1'],
    ['red', '5002', 'port2'],
  ] as const) {
    await box.ctl('add-ls', name, '--', 'set', 'Logical_Switch', name, `tunnel_key=${vni}`)
    await box.ctl('bind-ls', 'gw', port, '0', name)
  }
  const show = async () => shownSchema.parse(JSON.parse((await box.vtep('show', '--json')).stdout))
  const programmed = async (device: string) =>
    (await box.namespace.run(['tc', 'filter', 'show', 'dev', device, 'ingress'])).includes('access_tc')
  const stands = (...states: readonly string[]) =>
    until(`ports ${states.join(', ')}`, async () => {
      const { ports = [], bindings = [] } = await show()
      const isForwarding = (port: string) => bindings.some((one) => one.port === port && one.state === 'forwarding')
      return ports.every(({ port, state }, index) => state === states[index] && isForwarding(port) === (state === 'up'))
    })
  await stands('up', 'up')

  await box.namespace.ip('link set port1 name foo0')
  await stands('absent', 'up')
  t.equal(await programmed('foo0'), false, 'the renamed device is free')
  await until(
    'the fault',
    async () => (await box.ctl('get', 'Physical_Port', 'port1', 'port_fault_status')) === '[unspecified_fault]',
  )

  await box.namespace.ip('link set foo0 name port1')
  await stands('up', 'up')
  t.equal(await programmed('port1'), true)
  await until(
    'the fault to go',
    async () => (await box.ctl('get', 'Physical_Port', 'port1', 'port_fault_status')) === '[]',
  )

  // What a server sends after its device got the name of another port belongs where that port is bound.
  await box.namespace.ip('link set port1 name foo0', 'link set port2 name port1', 'link set foo0 name port2')
  await stands('up', 'up')
  await box.namespace.ip('address add 10.1.1.1/24 dev server1', 'address add 10.1.2.1/24 dev server2')
  await box.namespace.attempt(['ping', '-c1', '-W1', '-I', 'server1', '10.1.1.2'])
  await box.namespace.attempt(['ping', '-c1', '-W1', '-I', 'server2', '10.1.2.2'])
  const [mac1, mac2] = await Promise.all(
    ['server1', 'server2'].map(async (device) =>
      (await box.namespace.run(['cat', `/sys/class/net/${device}/address`])).trim(),
    ),
  )
  await until('both to be learned where they are now', async () => {
    const { localMacs = [] } = await show()
    const where = (mac: string | undefined) => localMacs.find((one) => one.mac === mac)?.logicalSwitch
    return where(mac1) === 'red' && where(mac2) === 'blue'
  })
})
