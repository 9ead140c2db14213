import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { openInjector } from '../lab/injector.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const VTEPS = 512
const BINDINGS = 256
const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode('a frame for everybody', places, async (t, scene) => {
  const { controller, gateway } = scene
  const [server, trunk] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const hypervisor = nth(scene.hypervisors, 0)
  await joinBlue(scene)
  const injector = await openInjector(server.namespace, 'eth0')
  scene.lab.own(injector.close)
  const blue = await controller.ctl('get', 'Logical_Switch', 'blue', '_uuid')
  // A veth end with GRO has a ring of 256 frames, which such a burst overflows on the lab's own wires; without, it has none.
  for (const [namespace, device] of [
    [scene.underlay.namespace, gateway.attachment.farDevice],
    [hypervisor.namespace, hypervisor.attachment.device],
    [trunk.namespace, 'eth0'],
  ] as const) {
    await namespace.run(['ethtool', '-K', device, 'gro', 'off'])
  }

  await t.test(`reaches each of ${VTEPS} remote VTEPs once`, async (t) => {
    const ips = Array.from({ length: VTEPS }, (_, index) => `10.98.${index >> 8}.${index & 255}`)
    const mac = await deviceMac(hypervisor.namespace, 'under')
    // All in one box. Its neighbour entries are permanent: the kernel's table of others is shared by all namespaces.
    await gateway.namespace.ip(
      'route add 10.98.0.0/16 dev under',
      ...ips.map((ip) => `neigh replace ${ip} lladdr ${mac} dev under nud permanent`),
    )
    const capture = await openCapture(hypervisor.namespace, 'under', { filter: 'udp dst port 4789 and dst net 10.98' })
    scene.lab.own(capture.close)
    await transact(
      gateway.database,
      ...ips.map((dst_ip, index) => ({
        op: 'insert',
        table: 'Physical_Locator',
        'uuid-name': `l${index}`,
        row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip },
      })),
      {
        op: 'insert',
        table: 'Physical_Locator_Set',
        'uuid-name': 'all',
        row: { locators: ['set', ips.map((_, index) => ['named-uuid', `l${index}`])] },
      },
      {
        op: 'update',
        table: 'Mcast_Macs_Remote',
        where: [['logical_switch', '==', ['uuid', blue]]],
        row: { locator_set: ['named-uuid', 'all'] },
      },
    )
    await until('all to be flooded to', async () => {
      const { logicalSwitches, tunnels } = await gateway.show()
      const ready = tunnels.filter(({ path }) => path === 'ready').length
      return logicalSwitches[0]?.floodList.length === VTEPS && ready >= VTEPS
    })
    await injector.send(marked('wide', { destination: broadcast, source: server.mac }))
    await until('a copy for each', () => Promise.resolve(capture.frames.length >= VTEPS))
    const copies = capture.matching(({ bytes }) => carries(bytes, 'wide')).map(({ ipv4 }) => ipv4?.dst)
    t.same([...copies].sort(), [...ips].sort())
    t.equal(await controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status'), '[]')
  })

  await t.test(`reaches each of ${BINDINGS} local bindings once`, async (t) => {
    const vlans = Array.from({ length: BINDINGS }, (_, index) => index + 1)
    const capture = await openCapture(trunk.namespace, 'eth0')
    scene.lab.own(capture.close)
    await transact(gateway.database, {
      op: 'update',
      table: 'Physical_Port',
      where: [['name', '==', 'port2']],
      row: { vlan_bindings: ['map', vlans.map((vlan) => [vlan, ['uuid', blue]])] },
    })
    await until('all to be bound', async () => {
      const { bindings } = await gateway.show()
      return bindings.filter(({ port, state }) => port === 'port2' && state === 'forwarding').length === BINDINGS
    })
    await injector.send(marked('many', { destination: broadcast, source: server.mac }))
    const seen = () => capture.matching(({ bytes }) => carries(bytes, 'many')).map(({ tags }) => tags[0]?.vid)
    await until('a copy for each', () => Promise.resolve(seen().length >= BINDINGS))
    t.same([...seen()].sort(), [...vlans].sort())
  })
})
