import type { Box } from '../lab/box.js'
import { type Host, reach } from '../lab/host.js'
import type { Network, SceneAround } from '../lab/scene.js'

/**
 * Makes logical switch blue (VNI 5001), binds every server of the scene to it, starts a VM on every hypervisor, and waits until every
 * server reaches every VM and all of it is in force in the data plane.
 *
 * @param limitMs how long a server may take to reach a VM; default as for `reach`
 */
export async function joinBlue(
  scene: SceneAround<Box>,
  limitMs?: number,
): Promise<{ readonly blue: Network; readonly vms: readonly Host[] }> {
  const blue = await scene.network('blue', 5001)
  for (const { port, vlan } of scene.places) await blue.bind(port, vlan)
  const vms: Host[] = []
  for (const index of scene.hypervisors.keys()) vms.push(await blue.vm(index))
  for (const server of scene.servers) for (const vm of vms) await reach(server, vm.address, limitMs)
  await scene.settle()
  return { blue, vms }
}
