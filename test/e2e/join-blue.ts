import { awaitMode } from '../lab/carriers.js'
import { type Host, reach } from '../lab/host.js'
import type { Network, Scene } from '../lab/scene.js'

/**
 * Makes logical switch blue (VNI 5001), binds every server of the scene to it, starts a VM on every hypervisor, and waits until every
 * server reaches every VM and ports and tunnels work in the scene's mode.
 */
export async function joinBlue(scene: Scene): Promise<{ blue: Network; vms: Host[] }> {
  const blue = await scene.network('blue', 5001)
  for (const { port, vlan } of scene.places) await blue.bind(port, vlan)
  const vms: Host[] = []
  for (const index of scene.hypervisors.keys()) vms.push(await blue.vm(index))
  for (const server of scene.servers) for (const vm of vms) await reach(server, vm.address)
  await awaitMode(scene.gateway, scene.mode)
  return { blue, vms }
}
