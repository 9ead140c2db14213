import t from 'tap'
import { shownSchema } from '../../src/console/shown.js'
import { until } from '../lab/until.js'
import { makeBox } from './box.js'

t.test('a card and an address that come after the daemon are awaited, which is said', async (t) => {
  const box = await makeBox(t)
  await box.namespace.ip('address del 10.9.0.1/24 dev underlay0')
  const daemon = await box.start('--port', 'swp3=late0')
  t.match(daemon.output(), /"level":"warn".*"port":"swp3","netdev":"late0","event":"port_device_missing"/)
  t.match(daemon.output(), /"level":"warn".*"tunnelIp":"10\.9\.0\.1","event":"tunnel_address_missing"/)
  t.match((await box.vtep('show', 'status')).stdout, /^ +tunnel address: 10\.9\.0\.1 \(no device has it\)$/m)
  const port = async () => {
    const { ports } = shownSchema.parse(JSON.parse((await box.vtep('show', 'ports', '--json')).stdout))
    return ports?.find(({ port }) => port === 'swp3')
  }
  await until('the fault', async () => (await port())?.faults[0] === 'unspecified_fault')
  t.match(await port(), { state: 'absent' })

  await box.namespace.ip('link add late0 type veth peer name server3', 'link set late0 up', 'link set server3 up')
  await until('the port', async () => {
    const now = await port()
    return now?.state === 'up' && now.faults.length === 0
  })
  t.match(await box.namespace.run(['tc', 'filter', 'show', 'dev', 'late0', 'ingress']), /access_tc/)
  await box.namespace.ip('address add 10.9.0.1/24 dev underlay0')
  t.match((await box.vtep('show', 'status')).stdout, /^ +tunnel address: 10\.9\.0\.1$/m)
})
