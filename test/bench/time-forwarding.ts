import type { Json } from '../../src/ovsdb/notation.js'
import { marked } from '../lab/craft.js'
import type { Injector } from '../lab/injector.js'
import { type Arrivals, nowMs } from './arrivals.js'
import type { RawController } from './raw-controller.js'
import { serverMac } from './scale-site.js'

const limitMs = 120_000

export interface Probe {
  readonly mac: string
  /** Default: untagged. */
  readonly vlan?: number
}

/** How long after the reply to the transaction the last of the probed MACs forwarded, and how long the transaction took. */
export interface Timing {
  readonly sinceReplyMs: number
  readonly transactionMs: number
}

/**
 * Sends frames to the probed MACs about every millisecond while the controller runs the transaction, until one of each has arrived
 * there. The commit lies before the reply, so a result below zero says that the frame was faster than the controller heard.
 */
export async function timeForwarding(
  server: Injector,
  controller: RawController,
  operations: readonly Json[],
  probes: readonly Probe[],
  at: Arrivals,
): Promise<Timing> {
  const begunMs = nowMs()
  const committed = controller.transact(operations)
  // A refusal is thrown below; until then it is nobody's.
  committed.catch(() => undefined)
  const missing = new Map(probes.map(({ mac, vlan }) => [mac, frameTo(mac, vlan)]))
  const times: number[] = []
  while (missing.size > 0) {
    for (const [mac, frame] of missing) {
      await server.send(frame)
      const time = at.first(mac, begunMs)
      if (time === undefined) continue
      times.push(time)
      missing.delete(mac)
    }
    if (nowMs() - begunMs > limitMs)
      throw new Error(`no frame to ${[...missing.keys()].join(', ')} within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const { sentMs, repliedMs } = await committed
  return { sinceReplyMs: Math.max(...times) - repliedMs, transactionMs: repliedMs - sentMs }
}

function frameTo(destination: string, vlan: number | undefined): Buffer {
  const tags = vlan === undefined ? [] : [{ tpid: 0x8100, vid: vlan }]
  return marked('probe', { destination, source: serverMac, tags })
}
