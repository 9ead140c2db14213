import type { Test } from 'tap'
import type { DatapathMode, Gateway } from './gateway.js'
import { until } from './until.js'

/**
 * Waits until the gateway says that all its access ports work in this mode, and all its tunnels too, once their next hop is resolved;
 * in XDP mode an unresolved tunnel is waited for, since the shortcut needs the next hop.
 */
export async function awaitMode(gateway: Gateway, mode: DatapathMode): Promise<void> {
  if (mode === 'auto') return
  await until(`ports and tunnels in mode ${mode}`, async () => {
    const { ports, tunnels } = await gateway.show()
    return (
      ports.every((port) => port.mode === mode) &&
      tunnels.every((tunnel) => tunnel.mode === mode && (mode === 'tc' || tunnel.path === 'ready'))
    )
  })
}

/** Packets that were forwarded, and those of them that went the kernel's way: through the device `vtep-vxlan`. */
export interface Carried {
  readonly fromServers: number
  readonly toServers: number
  readonly sentByKernel: number
  readonly receivedByKernel: number
}

/** What the gateway forwards while something is done. */
export async function carriedDuring(gateway: Gateway, act: () => Promise<void>): Promise<Carried> {
  const before = await carried(gateway)
  await act()
  const after = await carried(gateway)
  return {
    fromServers: after.fromServers - before.fromServers,
    toServers: after.toServers - before.toServers,
    sentByKernel: after.sentByKernel - before.sentByKernel,
    receivedByKernel: after.receivedByKernel - before.receivedByKernel,
  }
}

/**
 * Asserts who carried at least so many packets in each direction: in tc mode the kernel's device saw them all; in XDP mode it saw
 * next to nothing, at most what resolves addresses. A super-frame is one packet for the device.
 */
export function assertCarrier(t: Test, mode: DatapathMode, carried: Carried, leastPackets: number): void {
  const { fromServers, toServers, sentByKernel, receivedByKernel } = carried
  t.ok(
    Math.min(fromServers, toServers) >= leastPackets,
    `forwarded ${fromServers} from servers, ${toServers} to servers`,
  )
  const kernel = `of these the kernel's device sent ${sentByKernel} and received ${receivedByKernel}`
  if (mode === 'xdp') t.ok(Math.max(sentByKernel, receivedByKernel) <= leastPackets / 20, kernel)
  else t.ok(Math.min(sentByKernel, receivedByKernel) >= leastPackets, kernel)
}

async function carried(gateway: Gateway): Promise<Carried> {
  const { counters } = await gateway.show()
  const [link] = JSON.parse(await gateway.namespace.run(['ip', '-s', '-j', 'link', 'show', 'vtep-vxlan'])) as {
    stats64: Record<'rx' | 'tx', { packets: number }>
  }[]
  if (link === undefined) throw new Error('the gateway has no device vtep-vxlan')
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
  return {
    fromServers: sum(counters.map((counter) => counter.packetsFromLocal)),
    toServers: sum(counters.map((counter) => counter.packetsToLocal)),
    sentByKernel: link.stats64.tx.packets,
    receivedByKernel: link.stats64.rx.packets,
  }
}
