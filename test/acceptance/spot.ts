import type { Box } from '../lab/box.js'
import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import type { Frame, VlanTag } from '../lab/frame.js'
import type { Host } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import type { Lab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'
import type { SceneAround } from '../lab/scene.js'
import type { Attachment } from '../lab/underlay.js'

interface FrameParts {
  /** Default: broadcast. */
  readonly to?: string
  /** Default: the spot's own MAC. */
  readonly from?: string
  readonly tags?: readonly VlanTag[]
  readonly length?: number
}

/** A device at which frames are watched by the text that they carry, inside a tunnel too. */
export interface Watch {
  /** How many frames with the text came by so far. */
  readonly seen: (text: string) => number
  /** The first frame with the text, which may be still to come. */
  readonly until: (text: string, limitMs?: number) => Promise<Frame>
}

/** A host's device at which frames are sent too. */
export interface Spot extends Watch {
  readonly host: Host
  readonly send: (text: string, parts?: FrameParts) => Promise<void>
}

/** A VTEP of the scene that is not the box. */
interface FarEnd {
  readonly namespace: Namespace
  readonly attachment: Attachment
}

/** Watches what the box sends to a VTEP; what the fabric floods past it, sent to another one, does not count. */
export function watchTunnel({ lab, gateway }: SceneAround<Box>, far: FarEnd): Promise<Watch> {
  const { address, device } = far.attachment
  return watch(lab, far.namespace, device, ({ ipv4 }) => ipv4?.src === gateway.tunnelIp && ipv4.dst === address)
}

async function watch(
  lab: Lab,
  namespace: Namespace,
  device: string,
  only: (frame: Frame) => boolean = () => true,
): Promise<Watch> {
  const capture = await openCapture(namespace, device)
  lab.own(capture.close)
  const has = (text: string) => (frame: Frame) => only(frame) && carries(frame.bytes, text)
  return {
    seen: (text) => capture.matching(has(text)).length,
    until: (text, limitMs) => capture.until(text, has(text), limitMs),
  }
}

export async function openSpot(lab: Lab, host: Host): Promise<Spot> {
  const injector = await openInjector(host.namespace, host.device)
  lab.own(injector.close)
  const arrivals = await watch(lab, host.namespace, host.device)
  return {
    ...arrivals,
    host,
    send: (text, { to = broadcast, from = host.mac, ...rest } = {}) =>
      injector.send(marked(text, { destination: to, source: from, ...rest })),
  }
}
