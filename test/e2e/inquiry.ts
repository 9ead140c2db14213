import { openCapture } from '../lab/capture.js'
import { arpRequest, broadcast, carries, marked } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import type { Host } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import type { Scene } from '../lab/scene.js'

/** What became of one ARP request that a server broadcast. */
export interface Outcome {
  /** Listeners that the request came to, by namespace. */
  readonly heard: readonly string[]
  /** Whether the gateway counted an answer of its own. */
  readonly isAnswered: boolean
}

/** A server that asks for addresses, and stations that listen. */
export interface Inquiry {
  /** Broadcasts a request; fulfilled once the kernel took it. */
  readonly ask: (address: string) => Promise<void>
  /** Asks, and waits for a fence behind the question at every listener. */
  readonly outcomeOf: (address: string) => Promise<Outcome>
  /** Whether any listener heard the asker, or somebody in its name, solicit the address (ICMPv6). */
  readonly wasSolicited: (address: string) => boolean
  /** The MACs that answered the asker for an address so far, in order. */
  readonly answerers: (address: string) => readonly string[]
}

export async function openInquiry(scene: Scene, asker: Host, listeners: readonly Host[]): Promise<Inquiry> {
  const { gateway, lab } = scene
  const injector = await openInjector(asker.namespace, 'eth0')
  const atAsker = await openCapture(asker.namespace, 'eth0')
  const ears = await Promise.all(
    listeners.map(async ({ namespace }) => ({ name: namespace.name, capture: await openCapture(namespace, 'eth0') })),
  )
  for (const tool of [injector, atAsker, ...ears.map(({ capture }) => capture)]) lab.own(tool.close)
  const ask = (targetIp: string) =>
    injector.send(arpRequest({ destination: broadcast, source: asker.mac, senderIp: asker.address, targetIp }))
  const answered = () => gateway.counted('neighbour_answered')
  let fences = 0
  return {
    ask,
    outcomeOf: async (address) => {
      const text = `question ${++fences}`
      const before = await answered()
      const seen = ears.map(({ capture }) => capture.frames.length)
      await ask(address)
      await injector.send(marked(text, { destination: broadcast, source: asker.mac }))
      for (const { capture } of ears) await capture.until(text, ({ bytes }) => carries(bytes, text))
      const isHeard = ({ arp }: Frame) =>
        arp?.operation === 'request' && arp.senderMac === asker.mac && arp.targetIp === address
      return {
        heard: ears
          .filter(({ capture }, index) => capture.frames.slice(seen[index]).some(isHeard))
          .map(({ name }) => name),
        isAnswered: (await answered()) > before,
      }
    },
    wasSolicited: (address) =>
      ears.some(({ capture }) =>
        capture.frames.some((frame) => frame.source === asker.mac && solicits(frame, address)),
      ),
    answerers: (address) =>
      atAsker
        .matching(({ arp }) => arp?.operation === 'reply' && arp.senderIp === address)
        .map(({ arp }) => `${arp?.senderMac}`),
  }
}

/** ICMPv6 type 135 right behind the fixed header, and the end of its target (RFC 4861 section 4.3). */
function solicits({ etherType, payload }: Frame, address: string): boolean {
  const end = Buffer.from(`${address.split('::')[1]}`.padStart(4, '0'), 'hex')
  return etherType === 0x86dd && payload[6] === 58 && payload[40] === 135 && payload.subarray(62, 64).equals(end)
}
