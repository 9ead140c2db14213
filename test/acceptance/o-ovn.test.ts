import t from 'tap'
import type { Background } from '../lab/background.js'
import { type Host, ping, reach } from '../lab/host.js'
import { openLab } from '../lab/lab.js'
import { startPings } from '../lab/pings.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import type { ControllerVtep } from '../interop/ovn-central.js'
import { migrate } from '../interop/ovn-hypervisor.js'
import { addRouter, buildOvnScene, joinVtepPort, unsetVtepPort } from '../interop/ovn-scene.js'
import { subjects } from './scenario.js'
import { subjectKind } from './subject.js'

const megabyte = 1024 * 1024

for (const subject of subjects) {
  t.test(`${subject}: O OVN as the controller, its hypervisors as the peers`, async (t) => {
    const lab = await openLab()
    t.teardown(lab.close)
    const scene = await buildOvnScene(lab, subjectKind(subject, {}))
    const { gateway, central } = scene
    const { controller, patienceMs } = gateway
    const [vm1, vm2] = scene.vms
    const [untagged, tagged] = scene.servers
    const hosts = [untagged, tagged, vm1, vm2]
    const pairs = hosts.flatMap((from, index) => hosts.slice(index + 1).map((to) => ({ from, to })))
    const remoteMacs = () => controller.ctl('list-remote-macs', 'blue')
    const reaches = (from: Host, to: Host) => reach(from, to.address, 2 * patienceMs)
    const isCutOff = (from: Host, to: Host) =>
      until(`${to.address} to be out of reach`, async () => !(await ping(from, to.address)), patienceMs)
    const everyPairPings = async () => {
      for (const { from, to } of pairs) {
        await reaches(from, to)
        await reaches(to, from)
      }
    }
    const startController = () => central.startControllerVtep(`tcp:${gateway.tunnelIp}:6640`)

    await controller.ctl('set-manager', 'ptcp:6640')
    let ovn: ControllerVtep = startController()
    await joinVtepPort(scene)

    await t.test('O1 two VMs and two servers: every pair pings and exchanges TCP', async () => {
      await everyPairPings()
      for (const { from, to } of pairs) {
        await exchangeTcp(from.namespace, to.namespace, to.address, { amount: megabyte })
        await exchangeTcp(to.namespace, from.namespace, from.address, { amount: megabyte })
      }
    })

    await t.test('O2 a VM that migrates to the other hypervisor is followed, there and back', async () => {
      const [home, other] = scene.hypervisors
      const before = await remoteMacs()
      await migrate(vm1, 'vm1', home, other)
      await until('the controller to say so', async () => (await remoteMacs()) !== before)
      for (const server of [untagged, tagged]) {
        await reaches(server, vm1)
        await exchangeTcp(server.namespace, vm1.namespace, vm1.address, { amount: megabyte })
      }
      await migrate(vm1, 'vm1', other, home)
      await until('the controller to take it back', async () => (await remoteMacs()) === before)
      await reaches(vm1, untagged)
      await exchangeTcp(vm1.namespace, untagged.namespace, untagged.address, { amount: megabyte })
    })

    await t.test('O3 the vtep port is unset, which cuts all off, and set, which joins all again', async () => {
      await unsetVtepPort(scene)
      await isCutOff(untagged, vm1)
      await isCutOff(vm2, tagged)
      await joinVtepPort(scene)
      await everyPairPings()
    })

    await t.test('O4 the controller ends by SIGTERM and starts again: no frame is lost', async (t) => {
      await reaches(untagged, vm1)
      await reaches(vm2, tagged)
      const streams = [startPings(untagged, vm1.address), startPings(vm2, tagged.address)]
      for (const stream of streams) lab.own(stream.stop)
      await ovn.process.stop('SIGTERM')
      for (const stream of streams) await stream.answered(100)
      ovn = startController()
      await until(
        'the controller to be back',
        async () => (await controller.ctl('get', 'Manager', '.', 'is_connected')) === 'true',
      )
      for (const stream of streams) await stream.answered(100)
      for (const stream of streams) t.same(await stream.stop(), [], `lost of ${stream.name}`)
    })

    await t.test('O4 the controller ends by `exit` and takes back what it wrote: all are cut off', async () => {
      await ovn.exit()
      await until('no remote MACs', async () => !(await remoteMacs()).includes('->'))
      await isCutOff(untagged, vm1)
      await isCutOff(vm2, tagged)
    })

    await t.test('O5 the box dials out to a controller that listens', async () => {
      await ovn.process.stop() // also where it was not asked to exit
      ovn = central.startControllerVtep(`ptcp:6650:${central.address}`)
      await controller.ctl('set-manager', `tcp:${central.address}:6650`)
      await everyPairPings()
      await ovn.exit()
      await controller.ctl('set-manager', 'ptcp:6640')
    })

    await t.test('O6 box, controller and vtep port join all, in whatever order they come', async () => {
      let daemon: Background = scene.daemon
      ovn = startController()
      const steps = {
        box: async () => {
          daemon = await gateway.start()
        },
        controller: () => {
          ovn = startController()
          return Promise.resolve()
        },
        port: () => joinVtepPort(scene),
      }
      await joinVtepPort(scene)
      await everyPairPings()
      for (const order of orders(['box', 'controller', 'port'] as const)) {
        await unsetVtepPort(scene)
        await isCutOff(untagged, vm1)
        await ovn.exit()
        await daemon.stop('SIGTERM')
        for (const step of order) await steps[step]()
        await everyPairPings()
      }
    })

    await t.test(
      'O7 a server reaches a router port of OVN in its logical switch, and the router learns it',
      async () => {
        const router = await addRouter(scene)
        await until(`${router} to answer`, () => ping(untagged, router), 2 * patienceMs)
        await until(`${router} to answer the other server`, () => ping(tagged, router), 2 * patienceMs)
        for (const { mac, address } of [untagged, tagged])
          await until(`a MAC_Binding of ${address}`, async () =>
            (await central.sb('--bare', '--columns=ip,mac', 'list', 'MAC_Binding')).includes(`${address}\n${mac}`),
          )
      },
    )
  })
}

/** Every order of the parts. */
function orders<T>(parts: readonly T[]): readonly (readonly T[])[] {
  if (parts.length === 0) return [[]]
  return parts.flatMap((first) => orders(parts.filter((part) => part !== first)).map((rest) => [first, ...rest]))
}
