import { udpFrame } from './craft.js'
import type { Frame } from './frame.js'

/** As bfd_status spells them. */
export type BfdState = 'admin_down' | 'down' | 'init' | 'up'

/** What the test looks at in a BFD control packet (RFC 5880 section 4.1). */
export interface BfdPacket {
  readonly state: BfdState
  readonly isPoll: boolean
  readonly isFinal: boolean
  /** The sender's number for the session, and the receiver's: 0 while it does not know that. */
  readonly mine: number
  readonly yours: number
}

const states: readonly BfdState[] = ['admin_down', 'down', 'init', 'up']
const [poll, final] = [0x20, 0x10]
/** RFC 5881 section 4. */
const port = 3784
const length = 24
const detectMultiplier = 3

/** Both ends of a tunnel, as hardware_vtep has them unless somebody says otherwise. */
const address = '00:23:20:00:00:01'

/** The frame that goes into the tunnel, from the controller's default of one end to that of the other. */
export function bfdFrame({ state, isPoll, isFinal, mine, yours }: BfdPacket, intervalMs: number): Buffer {
  const payload = Buffer.alloc(length)
  const flags = (isPoll ? poll : 0) | (isFinal ? final : 0)
  payload.set([1 << 5, (states.indexOf(state) << 6) | flags, detectMultiplier, length])
  payload.writeUInt32BE(mine, 4)
  payload.writeUInt32BE(yours, 8)
  payload.writeUInt32BE(intervalMs * 1000, 12)
  payload.writeUInt32BE(intervalMs * 1000, 16)
  return udpFrame({
    destination: address,
    source: address,
    destinationIp: '169.254.1.0',
    sourceIp: '169.254.1.1',
    sourcePort: 49_152,
    destinationPort: port,
    ttl: 255,
    payload,
  })
}

/** The packet in a frame of the underlay; undefined: there is none. */
export function parseBfd({ vxlan }: Frame): BfdPacket | undefined {
  const udp = vxlan?.inner.udp
  if (udp?.destinationPort !== port || udp.payload.length < length) return undefined
  const flags = udp.payload.readUInt8(1)
  return {
    state: states[flags >> 6] ?? 'down',
    isPoll: (flags & poll) !== 0,
    isFinal: (flags & final) !== 0,
    mine: udp.payload.readUInt32BE(4),
    yours: udp.payload.readUInt32BE(8),
  }
}
