import { type BfdState, bfdFrame, parseBfd } from './bfd-packet.js'
import type { Box } from './box.js'
import { openCapture } from './capture.js'
import { vxlanFrame } from './craft.js'
import type { Hypervisor } from './hypervisor.js'
import { openInjector } from './injector.js'
import { deviceMac } from './wire.js'

/** The far end of a BFD session in a tunnel, which says what it is told to say. */
export interface BfdSpeaker {
  /** Says at once that it is in this state, and again every 100 ms; answers when it began to (performance.now). */
  readonly say: (state: BfdState) => Promise<number>
  /** Says nothing more; answers when it last said something. */
  readonly fallSilent: () => Promise<number>
  readonly close: () => Promise<void>
}

const intervalMs = 300
const repeatMs = 100
const discriminator = 77

/** Speaks in the place of a hypervisor, once the gateway has begun the session. */
export async function openBfdSpeaker(hypervisor: Hypervisor, gateway: Box): Promise<BfdSpeaker> {
  const { namespace } = hypervisor
  const injector = await openInjector(namespace, 'under')
  const capture = await openCapture(namespace, 'under', {
    filter: `udp dst port 4789 and src host ${gateway.tunnelIp}`,
  })
  const headers = {
    destinationMac: await deviceMac(gateway.namespace, 'under'),
    sourceMac: await deviceMac(namespace, 'under'),
    source: hypervisor.address,
    destination: gateway.tunnelIp,
    vni: 0,
  }
  const first = parseBfd(await capture.until('BFD of the gateway', (frame) => parseBfd(frame) !== undefined))
  let sentAt = performance.now()
  let looked = 0
  const send = async (state: BfdState) => {
    const heard = capture.frames.slice(looked).map(parseBfd)
    looked += heard.length
    const isFinal = heard.some((packet) => packet?.isPoll === true)
    const packet = { state, isPoll: false, isFinal, mine: discriminator, yours: first?.mine ?? 0 }
    sentAt = performance.now()
    await injector.send(vxlanFrame({ ...headers, inner: bfdFrame(packet, intervalMs) }))
  }
  let repeating: NodeJS.Timeout | undefined
  let sending = Promise.resolve()
  const fallSilent = async () => {
    clearInterval(repeating)
    await sending
    return sentAt
  }
  return {
    say: async (state) => {
      await fallSilent()
      const since = performance.now()
      await send(state)
      repeating = setInterval(() => {
        sending = send(state)
      }, repeatMs)
      return since
    },
    fallSilent,
    close: async () => {
      await fallSilent()
      await Promise.all([injector.close(), capture.close()])
    },
  }
}
