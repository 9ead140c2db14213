import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { awaitMode } from '../lab/carriers.js'
import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { inEachMode, nth } from './stage.js'

const reserving = (vlans: string) => `reserved-vlans: [${vlans}]\n`
const options = {
  servers: [
    { port: 'port1', vlan: 10 },
    { port: 'port1', vlan: 150 },
    { port: 'port2', vlan: 10 },
  ],
  config: reserving('1, 100-199, port2=10'),
}

inEachMode('VLANs that the operator reserved', options, async (t, scene, mode) => {
  const { controller, gateway } = scene
  const [free, reserved, reservedThere] = [nth(scene.servers, 0), nth(scene.servers, 1), nth(scene.servers, 2)]
  const blue = await scene.network('blue', 5001)
  const red = await scene.network('red', 5002)
  await blue.bind('port1', 10)
  await red.bind('port1', 150)
  await blue.bind('port2', 10)
  const [vm, redVm] = [await blue.vm(), await red.vm()]
  const faults = (port: string) => controller.ctl('get', 'Physical_Port', port, 'port_fault_status')
  const faultsAre = (port1: string, port2: string) =>
    until(
      `faults ${port1} and ${port2}`,
      async () => (await faults('port1')) === port1 && (await faults('port2')) === port2,
    )
  const works = async () => {
    await reach(free, vm.address)
    await awaitMode(gateway, mode)
    await exchangeTcp(free.namespace, vm.namespace, vm.address, { amount: 1024 * 1024 })
  }
  const restart = async (vlans: string) => {
    await scene.vtepd.stop('SIGTERM')
    writeFileSync(`${dirname(gateway.runDir)}/vtepd.yaml`, reserving(vlans))
    scene = { ...scene, vtepd: await gateway.start() }
  }

  await t.test(
    'are not served where they are bound, which is a fault of the port; its other bindings work',
    async (t) => {
      await faultsAre('[invalid_vlan_map]', '[invalid_vlan_map]')
      await works()
      const atVm = await openCapture(vm.namespace, 'eth0')
      scene.lab.own(atVm.close)
      for (const { namespace, mac } of [reserved, reservedThere, free]) {
        const injector = await openInjector(namespace, 'eth0')
        scene.lab.own(injector.close)
        const before = await gateway.dropped('unbound_vlan')
        await injector.send(marked(`from ${mac}`, { destination: broadcast, source: mac }))
        if (mac !== free.mac) await until('the drop', async () => (await gateway.dropped('unbound_vlan')) > before)
      }
      await atVm.until('the frame of the free VLAN', (frame) => carries(frame.bytes, `from ${free.mac}`))
      t.same(
        atVm.matching(({ bytes }) => [reserved, reservedThere].some(({ mac }) => carries(bytes, `from ${mac}`))),
        [],
      )
    },
  )

  await t.test('are told with the reason, binding by binding', async (t) => {
    const why = (where: string) => `reserved on ${where} by reserved-vlans of the configuration`
    const listed = await gateway.vtep('show', 'faults')
    t.match(listed, `invalid_vlan_map  Physical_Port  port1       binding of red: VLAN 150 is ${why('every port')}\n`)
    t.match(listed, `invalid_vlan_map  Physical_Port  port2       binding of blue: VLAN 10 is ${why('port2')}\n`)
    t.same((await gateway.show()).bindings.map(({ port, vlan, state }) => [port, vlan, state]).sort(), [
      ['port1', 10, 'forwarding'],
      ['port1', 150, `binding of red: VLAN 150 is ${why('every port')}`],
      ['port2', 10, `binding of blue: VLAN 10 is ${why('port2')}`],
    ])
  })

  await t.test('are no fault any more when they are unbound', async (t) => {
    await controller.unbind('port2', 10)
    await faultsAre('[invalid_vlan_map]', '[]')
    await controller.unbind('port1', 150)
    await faultsAre('[]', '[]')
    t.match(await gateway.vtep('show', 'faults'), /^Faults\n {2}none\n$/)
    await controller.bind('port1', 150, 'red')
    await faultsAre('[invalid_vlan_map]', '[]')
    await works()
  })

  await t.test('are served when the next daemon has none, and left again when the one after has them', async () => {
    await restart('')
    await faultsAre('[]', '[]')
    await reach(reserved, redVm.address)
    await exchangeTcp(reserved.namespace, redVm.namespace, redVm.address, { amount: 1024 * 1024 })
    await until('its MAC', async () => (await controller.ctl('list-local-macs', 'red')).includes(reserved.mac))

    await restart('150')
    await faultsAre('[invalid_vlan_map]', '[]')
    await until('no MAC', async () => !(await controller.ctl('list-local-macs', 'red')).includes(reserved.mac))
    await works()
  })
})
