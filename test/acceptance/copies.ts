import { broadcast } from '../lab/craft.js'
import type { Stage } from './scenario.js'
import { type Spot, watchTunnel } from './spot.js'

/**
 * Prepares to count the copies that the box sends to each hypervisor of what comes from a server. Each hypervisor has one VM known to
 * the box; a frame to it takes the same way after the frame that counts, so it shows when the copies have arrived.
 */
export async function copiesAt(stage: Stage, from: Spot): Promise<(to?: string) => Promise<readonly number[]>> {
  const watches = await Promise.all(stage.hypervisors.map((hypervisor) => watchTunnel(stage, hypervisor)))
  let sent = 0
  return async (to = broadcast) => {
    const name = `frame ${++sent} of ${from.host.mac}`
    await from.send(name, { to })
    for (const [index, { until }] of watches.entries()) {
      await from.send(`${name}, fence`, { to: vmMac(index) })
      await until(`${name}, fence`)
    }
    return watches.map(({ seen }) => seen(name))
  }
}

/** VMs are numbered from 101 in the order in which they start, and `join` starts one on each hypervisor. */
function vmMac(index: number): string {
  return `02:00:00:00:00:${(101 + index).toString(16)}`
}
