import t from 'tap'
import { assertCarrier, awaitMode, carriedDuring } from '../lab/carriers.js'
import { type Host, ping, reach } from '../lab/host.js'
import { openLab } from '../lab/lab.js'
import { startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { migrate } from './ovn-hypervisor.js'
import { buildOvnScene, joinVtepPort, unsetVtepPort } from './ovn-scene.js'

const megabyte = 1024 * 1024

for (const mode of (process.env.VTEPGW_MODES ?? 'tc,xdp').split(',') as ('tc' | 'xdp')[]) {
  t.test(`${mode}: OVN as the controller, its hypervisors as the peers`, async (t) => {
    const lab = await openLab()
    t.teardown(lab.close)
    const scene = await buildOvnScene(lab, mode)
    const { gateway, central } = scene
    const [vm1, vm2] = scene.vms
    const [untagged, tagged] = scene.servers
    const remoteMacs = () => gateway.controller.ctl('list-remote-macs', 'blue')
    const cutOff = (from: Host, to: Host) =>
      until(`${to.address} to be out of reach`, async () => !(await ping(from, to.address)))

    await gateway.controller.ctl('set-manager', 'ptcp:6640')
    const first = central.startControllerVtep(`tcp:${gateway.tunnelIp}:6640`)
    await joinVtepPort(scene)

    await t.test('the controller dials in, and every pair pings and exchanges TCP', async () => {
      await everyPairTalks()
    })

    await t.test('a VM migrates to the other hypervisor', async (t) => {
      const [home, other] = scene.hypervisors
      const before = await remoteMacs()
      await migrate(vm1, 'vm1', home, other)
      await until('the controller to say so', async () => (await remoteMacs()) !== before)
      for (const server of [untagged, tagged]) {
        await reach(server, vm1.address)
        await exchangeTcp(server.namespace, vm1.namespace, vm1.address, { amount: megabyte })
      }
      await migrate(vm1, 'vm1', other, home)
      await until('the controller to take it back', async () => (await remoteMacs()) === before)
      await reach(vm1, untagged.address)
      await exchangeTcp(vm1.namespace, untagged.namespace, untagged.address, { amount: megabyte })
      t.pass('there and back')
    })

    await t.test('the vtep port is unset and set', async () => {
      await unsetVtepPort(scene)
      await cutOff(untagged, vm1)
      await cutOff(vm2, tagged)
      await joinVtepPort(scene)
      await everyPairTalks()
    })

    await t.test('while the controller is away after SIGTERM, and when it returns, nothing is lost', async (t) => {
      await reach(untagged, vm1.address)
      await reach(vm2, tagged.address)
      const streams = [startPings(untagged, vm1.address), startPings(vm2, tagged.address)]
      for (const stream of streams) lab.own(stream.stop)
      await first.process.stop('SIGTERM')
      for (const stream of streams) await stream.answered(100)
      const second = central.startControllerVtep(`tcp:${gateway.tunnelIp}:6640`)
      await until(
        'the controller to be back',
        async () => (await gateway.controller.ctl('get', 'Manager', '.', 'is_connected')) === 'true',
      )
      for (const stream of streams) await stream.answered(100)
      for (const stream of streams) t.same(await stream.stop(), [], `lost of ${stream.name}`)
      await second.exit()
    })

    await t.test('after `exit` the controller has taken all back; the box dials out to the next one', async (t) => {
      await until('no remote MACs', async () => !(await remoteMacs()).includes('->'))
      await cutOff(untagged, vm1)
      await cutOff(vm2, tagged)
      central.startControllerVtep(`ptcp:6650:${central.address}`)
      await gateway.controller.ctl('set-manager', `tcp:${central.address}:6650`)
      await everyPairTalks()
      t.match(await gateway.controller.ctl('get-manager'), `tcp:${central.address}:6650`)
    })

    await t.test(
      `known unicast goes through ${mode === 'xdp' ? 'XDP alone' : "the kernel's VXLAN device"}`,
      async (t) => {
        await awaitMode(gateway, mode)
        const carried = await carriedDuring(gateway, async () => {
          for (const [from, to] of [
            [untagged, vm1],
            [vm2, tagged],
          ] as const)
            await from.namespace.run(['ping', '-n', '-q', '-c', '200', '-i', '0.002', to.address])
        })
        assertCarrier(t, mode, carried, 400)
      },
    )

    async function everyPairTalks(): Promise<void> {
      const hosts = [untagged, tagged, vm1, vm2]
      for (const [index, from] of hosts.entries()) {
        for (const to of hosts.slice(index + 1)) {
          await reach(from, to.address, 20_000)
          await reach(to, from.address)
          await exchangeTcp(from.namespace, to.namespace, to.address, { amount: megabyte })
          await exchangeTcp(to.namespace, from.namespace, from.address, { amount: megabyte })
        }
      }
    }
  })
}
