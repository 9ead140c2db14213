/** One 802.1Q or 802.1ad tag. */
export interface VlanTag {
  readonly tpid: number
  readonly vid: number
}

export interface Ipv4 {
  readonly src: string
  readonly dst: string
  readonly protocol: number
  readonly ttl: number
  readonly dontFragment: boolean
  /** The payload as far as it was captured. */
  readonly payload: Buffer
}

export interface Udp {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly checksum: number
  readonly payload: Buffer
}

export interface Vxlan {
  readonly vni: number
  readonly inner: Frame
}

export interface Arp {
  readonly operation: 'request' | 'reply'
  readonly senderMac: string
  readonly senderIp: string
  readonly targetIp: string
}

/** A parsed Ethernet frame; parts that it does not have are undefined. */
export interface Frame {
  readonly bytes: Buffer
  /** Length on the wire; longer than `bytes` when the capture cut it. */
  readonly length: number
  readonly destination: string
  readonly source: string
  readonly tags: readonly VlanTag[]
  readonly etherType: number
  readonly payload: Buffer
  readonly arp: Arp | undefined
  readonly ipv4: Ipv4 | undefined
  readonly udp: Udp | undefined
  readonly vxlan: Vxlan | undefined
}

export const vxlanPort = 4789

/** Reads a frame that is at least an Ethernet header long; shorter bytes read as zeroes. */
export function parseFrame(captured: Buffer, length = captured.length): Frame {
  const bytes = captured.length >= 14 ? captured : Buffer.concat([captured, Buffer.alloc(14 - captured.length)])
  const tags: VlanTag[] = []
  let at = 12
  while (isTag(bytes.readUInt16BE(at)) && bytes.length >= at + 6) {
    tags.push({ tpid: bytes.readUInt16BE(at), vid: bytes.readUInt16BE(at + 2) & 0xfff })
    at += 4
  }
  const etherType = bytes.readUInt16BE(at)
  const payload = bytes.subarray(at + 2)
  const ipv4 = etherType === 0x0800 ? parseIpv4(payload) : undefined
  const udp = ipv4?.protocol === 17 ? parseUdp(ipv4.payload) : undefined
  return {
    bytes,
    length,
    destination: macText(bytes, 0),
    source: macText(bytes, 6),
    tags,
    etherType,
    payload,
    arp: etherType === 0x0806 ? parseArp(payload) : undefined,
    ipv4,
    udp,
    vxlan: udp?.destinationPort === vxlanPort ? parseVxlan(udp.payload) : undefined,
  }
}

/** One line for people: addresses, tags and what is inside. */
export function describeFrame(frame: Frame): string {
  const tags = frame.tags.map((tag) => ` vlan ${tag.vid}`).join('')
  const head = `${frame.source} > ${frame.destination}${tags} type 0x${frame.etherType.toString(16)} length ${frame.length}`
  if (frame.vxlan !== undefined)
    return `${frame.ipv4?.src} > ${frame.ipv4?.dst} vni ${frame.vxlan.vni} [${describeFrame(frame.vxlan.inner)}]`
  if (frame.arp !== undefined) return `${head} arp ${frame.arp.operation} ${frame.arp.senderIp} > ${frame.arp.targetIp}`
  if (frame.ipv4 !== undefined) return `${head} ${frame.ipv4.src} > ${frame.ipv4.dst} protocol ${frame.ipv4.protocol}`
  return head
}

function isTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8
}

function parseIpv4(bytes: Buffer): Ipv4 | undefined {
  if (bytes.length < 20) return undefined
  const headerLength = (bytes.readUInt8(0) & 0xf) * 4
  return {
    src: ipText(bytes, 12),
    dst: ipText(bytes, 16),
    protocol: bytes.readUInt8(9),
    ttl: bytes.readUInt8(8),
    dontFragment: (bytes.readUInt16BE(6) & 0x4000) !== 0,
    payload: bytes.subarray(headerLength, Math.max(headerLength, bytes.readUInt16BE(2))),
  }
}

function parseUdp(bytes: Buffer): Udp | undefined {
  if (bytes.length < 8) return undefined
  return {
    sourcePort: bytes.readUInt16BE(0),
    destinationPort: bytes.readUInt16BE(2),
    checksum: bytes.readUInt16BE(6),
    payload: bytes.subarray(8),
  }
}

function parseVxlan(bytes: Buffer): Vxlan | undefined {
  if (bytes.length < 8 + 14) return undefined
  return { vni: bytes.readUIntBE(4, 3), inner: parseFrame(bytes.subarray(8)) }
}

function parseArp(bytes: Buffer): Arp | undefined {
  if (bytes.length < 28) return undefined
  return {
    operation: bytes.readUInt16BE(6) === 1 ? 'request' : 'reply',
    senderMac: macText(bytes, 8),
    senderIp: ipText(bytes, 14),
    targetIp: ipText(bytes, 24),
  }
}

function macText(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at, at + 6).replace(/..(?!$)/g, '$&:')
}

function ipText(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.')
}
