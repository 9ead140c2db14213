import { type VlanTag, vxlanPort } from './frame.js'

interface EthernetParts {
  readonly destination: string
  readonly source: string
  /** Outermost first; default: none. */
  readonly tags?: readonly VlanTag[]
  readonly etherType: number
  readonly payload: Buffer
}

/** Local experimental EtherType (IEEE 802 clause 9.2.4): no host answers it, so only forwarding moves it. */
const experimental = 0x88b5

export const broadcast = 'ff:ff:ff:ff:ff:ff'

/** Builds a frame, padded to the 60 bytes that Ethernet asks for. */
function ethernet(parts: EthernetParts): Buffer {
  const type = Buffer.alloc(2)
  type.writeUInt16BE(parts.etherType)
  const frame = Buffer.concat([
    macBytes(parts.destination),
    macBytes(parts.source),
    ...(parts.tags ?? []).map(tagBytes),
    type,
    parts.payload,
  ])
  return frame.length < 60 ? Buffer.concat([frame, Buffer.alloc(60 - frame.length)]) : frame
}

/** A frame that carries a text by which a capture finds it again; `length` is the whole frame's, tags included. */
export function marked(
  text: string,
  parts: Omit<EthernetParts, 'etherType' | 'payload'> & { readonly length?: number },
): Buffer {
  const frame = ethernet({ ...parts, etherType: experimental, payload: Buffer.from(`<${text}>`) })
  const missing = (parts.length ?? 0) - frame.length
  return missing > 0 ? Buffer.concat([frame, Buffer.alloc(missing, '.')]) : frame
}

/** An IPv4 UDP datagram, checksum 0. */
export function udpFrame(parts: {
  readonly destination: string
  readonly source: string
  readonly destinationIp: string
  readonly sourceIp: string
  readonly sourcePort: number
  readonly destinationPort: number
  /** Default 64. */
  readonly ttl?: number
  readonly payload: Buffer
}): Buffer {
  const { destination, source, ttl = 64 } = parts
  const datagram = udp(parts.sourcePort, parts.destinationPort, parts.payload)
  const header = ipv4Header(parts.sourceIp, parts.destinationIp, datagram.length, ttl)
  return ethernet({ destination, source, etherType: 0x0800, payload: Buffer.concat([header, datagram]) })
}

/** An IPv4 UDP datagram with such a text, from one port to port 9 (discard). */
export function markedUdp(
  text: string,
  parts: { destination: string; source: string; destinationIp: string; sourceIp: string; sourcePort: number },
): Buffer {
  return udpFrame({ ...parts, destinationPort: 9, payload: Buffer.from(`<${text}>`) })
}

/** An ARP request (RFC 826); from 0.0.0.0 it is a probe, and for the sender's own address an announcement (RFC 5227). */
export function arpRequest(parts: { destination: string; source: string; senderIp: string; targetIp: string }): Buffer {
  const payload = Buffer.concat([
    Buffer.from([0, 1, 0x08, 0x00, 6, 4, 0, 1]),
    macBytes(parts.source),
    ipBytes(parts.senderIp),
    Buffer.alloc(6),
    ipBytes(parts.targetIp),
  ])
  return ethernet({ destination: parts.destination, source: parts.source, etherType: 0x0806, payload })
}

/** Whether the bytes carry the text of `marked`, also inside a tunnel. */
export function carries(bytes: Buffer, text: string): boolean {
  return bytes.includes(`<${text}>`)
}

export interface VxlanParts {
  readonly destinationMac: string
  readonly sourceMac: string
  readonly source: string
  readonly destination: string
  readonly vni: number
  readonly inner: Buffer
}

/** A UDP datagram with a VXLAN packet inside, checksum 0. */
export function vxlanDatagram(vni: number, inner: Buffer): Buffer {
  const vxlan = Buffer.alloc(8)
  vxlan.writeUInt8(0x08, 0)
  vxlan.writeUIntBE(vni, 4, 3)
  return udp(50_000, vxlanPort, Buffer.concat([vxlan, inner]))
}

/** What the UDP checksum covers beside the datagram (RFC 768). */
export function pseudoHeader(source: string, destination: string, length: number): Buffer {
  const header = Buffer.from([...[source, destination].flatMap((ip) => ip.split('.').map(Number)), 0, 17, 0, 0])
  header.writeUInt16BE(length, 10)
  return header
}

/** A frame of the underlay with a VXLAN packet inside (RFC 7348), UDP checksum 0. */
export function vxlanFrame(parts: VxlanParts): Buffer {
  const payload = vxlanDatagram(parts.vni, parts.inner)
  return ethernet({
    destination: parts.destinationMac,
    source: parts.sourceMac,
    etherType: 0x0800,
    payload: Buffer.concat([ipv4Header(parts.source, parts.destination, payload.length, 64), payload]),
  })
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

function ipBytes(ip: string): Buffer {
  return Buffer.from(ip.split('.').map(Number))
}

function udp(sourcePort: number, destinationPort: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(sourcePort, 0)
  header.writeUInt16BE(destinationPort, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return Buffer.concat([header, payload])
}

function tagBytes(tag: VlanTag): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(tag.tpid, 0)
  bytes.writeUInt16BE(tag.vid, 2)
  return bytes
}

function ipv4Header(source: string, destination: string, payloadLength: number, ttl: number): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + payloadLength, 2)
  header.writeUInt16BE(0x4000, 6)
  header.writeUInt8(ttl, 8)
  header.writeUInt8(17, 9)
  ipBytes(source).copy(header, 12)
  ipBytes(destination).copy(header, 16)
  let sum = 0
  for (let at = 0; at < 20; at += 2) sum += header.readUInt16BE(at)
  sum = (sum & 0xffff) + (sum >>> 16)
  header.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10)
  return header
}
