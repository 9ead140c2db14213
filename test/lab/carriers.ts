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

/** Packets that were forwarded, and those of them that XDP redirected. */
export interface Carried {
  readonly fromServers: number
  readonly toServers: number
  readonly fromServersByXdp: number
  readonly toServersByXdp: number
}

/** What the gateway forwards while something is done. */
export async function carriedDuring(gateway: Gateway, act: () => Promise<void>): Promise<Carried> {
  const before = await carried(gateway)
  await act()
  const after = await carried(gateway)
  return {
    fromServers: after.fromServers - before.fromServers,
    toServers: after.toServers - before.toServers,
    fromServersByXdp: after.fromServersByXdp - before.fromServersByXdp,
    toServersByXdp: after.toServersByXdp - before.toServersByXdp,
  }
}

/**
 * Asserts who carried at least so many packets in each direction: in tc mode XDP redirected none; in XDP mode it redirected all but
 * a few, at most what resolves addresses.
 */
export function assertCarrier(t: Test, mode: DatapathMode, carried: Carried, leastPackets: number): void {
  const { fromServers, toServers, fromServersByXdp, toServersByXdp } = carried
  t.ok(
    Math.min(fromServers, toServers) >= leastPackets,
    `forwarded ${fromServers} from servers, ${toServers} to servers`,
  )
  const byXdp = `of these XDP redirected ${fromServersByXdp} and ${toServersByXdp}`
  if (mode === 'tc') t.ok(fromServersByXdp + toServersByXdp === 0, byXdp)
  else t.ok(Math.min(fromServersByXdp, toServersByXdp) >= leastPackets * 0.95, byXdp)
}

async function carried({ namespace, show, attachment }: Gateway): Promise<Carried> {
  const { counters, ports } = await show()
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
  const redirected = async (device: string) => {
    const statistics = await namespace.run(['ethtool', '-S', device])
    return sum([...statistics.matchAll(/ rx_queue_\d+_xdp_redirect: (\d+)/g)].map(([, count]) => Number(count)))
  }
  return {
    fromServers: sum(counters.map((counter) => counter.packetsFromLocal)),
    toServers: sum(counters.map((counter) => counter.packetsToLocal)),
    fromServersByXdp: sum(await Promise.all(ports.map(({ netdev }) => redirected(netdev)))),
    toServersByXdp: await redirected(attachment.device),
  }
}
