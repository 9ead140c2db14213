import t from 'tap'
import { assertCarrier, awaitMode, carriedDuring } from '../lab/carriers.js'
import { reach } from '../lab/host.js'
import { openLab } from '../lab/lab.js'
import { gatewayKind } from '../lab/scene.js'
import { buildOvnScene, joinVtepPort } from './ovn-scene.js'

for (const mode of (process.env.VTEPGW_MODES ?? 'tc,xdp').split(',') as ('tc' | 'xdp')[]) {
  t.test(
    `${mode}: under OVN known unicast goes through ${mode === 'xdp' ? 'XDP alone' : "the kernel's VXLAN device"}`,
    async (t) => {
      const lab = await openLab()
      t.teardown(lab.close)
      const scene = await buildOvnScene(lab, gatewayKind(mode))
      const { gateway, central } = scene
      const [vm1, vm2] = scene.vms
      const [untagged, tagged] = scene.servers
      await gateway.controller.ctl('set-manager', 'ptcp:6640')
      central.startControllerVtep(`tcp:${gateway.tunnelIp}:6640`)
      await joinVtepPort(scene)
      await reach(untagged, vm1.address, 20_000)
      await reach(vm2, tagged.address, 20_000)
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
}
