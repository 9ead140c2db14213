import { textOf } from '../../src/schema/address-octets.js'
import { lineOf } from '../../src/schema/acl-rule.js'
import type { Mac } from '../../src/schema/mac.js'
import type { BpfMaps, Entry } from './bpf-maps.js'
import { macText } from './kernel-texts.js'

type Numbers = Readonly<Record<string, number>>

/** `struct acl_rule` of native/bpf/acl_layout.h. */
type Rule = Numbers &
  Readonly<Record<'source' | 'source_mask' | 'destination' | 'destination_mask', readonly number[]>> &
  Readonly<Record<'source_mac' | 'destination_mac', readonly number[]>>

const asks = {
  ...{ permit: 0x1, sourceMac: 0x2, destinationMac: 0x4, ethertype: 0x8, ipv4: 0x10, ipv6: 0x20, source: 0x40 },
  ...{ destination: 0x80, protocol: 0x100, sourcePort: 0x200, destinationPort: 0x400, tcpFlags: 0x800 },
  ...{ icmpType: 0x1000, icmpCode: 0x2000 },
}

/** The filters that the programs judge by, a line for each rule, for what a list has to see, and for what bindings look at. */
export async function readAclLines(
  maps: BpfMaps,
  lists: readonly Entry<Numbers, Numbers>[],
  bindings: readonly Entry<Numbers, Numbers>[],
  netdev: (ifindex: number | undefined) => string,
): Promise<string[]> {
  const slots = lists.flatMap(({ value }) =>
    Array.from({ length: value.count ?? 0 }, (_, at) => (value.first ?? 0) + at),
  )
  const distinct = [...new Set(slots)]
  const found = await maps.lookUp<Rule>('acl_rules', distinct)
  const rules = new Map(distinct.map((slot, index) => [slot, found[index]]))
  const flags = await maps.lookUp<number>(
    'binding_acls',
    bindings.map(({ value }) => value.slot ?? 0),
  )
  return [
    ...lists.flatMap(({ key, value }) => {
      const place = `acl ${netdev(key.ifindex)} ${key.vlan} ${key.direction}`
      const ofList = Array.from({ length: value.count ?? 0 }, (_, at) => rules.get((value.first ?? 0) + at))
      return [
        `${place} has to see ${value.asks}`,
        ...ofList.map((rule, at) => `${place} rule ${at}: ${rule === undefined ? 'none' : ruleLine(rule)}`),
      ]
    }),
    ...bindings.map(
      ({ key }, index) => `binding ${netdev(key.ifindex)} ${key.vlan} looks at acls ${flags[index] ?? 'nowhere'}`,
    ),
  ]
}

function ruleLine(rule: Rule): string {
  const asked = rule.asked ?? 0
  const has = (what: keyof typeof asks) => (asked & asks[what]) !== 0
  const given = <T>(what: keyof typeof asks, name: string, value: T) => (has(what) ? { [name]: value } : {})
  const masked = (what: 'source' | 'destination') => ({
    address: addressText(rule[what], has('ipv4')),
    mask: addressText(rule[`${what}_mask`], has('ipv4')),
  })
  const ports = (what: 'source' | 'destination') => ({
    first: rule[`${what}_port_first`],
    last: rule[`${what}_port_last`],
  })
  return lineOf({
    action: has('permit') ? 'permit' : 'deny',
    ...given('sourceMac', 'sourceMac', macText(rule.source_mac) as Mac),
    ...given('destinationMac', 'destMac', macText(rule.destination_mac) as Mac),
    ...given('ethertype', 'ethertype', rule.ethertype),
    ...given('source', 'source', masked('source')),
    ...given('destination', 'dest', masked('destination')),
    ...given('protocol', 'protocol', rule.protocol),
    ...given('sourcePort', 'sourcePorts', ports('source')),
    ...given('destinationPort', 'destPorts', ports('destination')),
    ...given('tcpFlags', 'tcpFlags', { value: rule.tcp_flags, mask: rule.tcp_flags_mask }),
    ...given('icmpType', 'icmpType', rule.icmp_type),
    ...given('icmpCode', 'icmpCode', rule.icmp_code),
  })
}

/** Four words in network order, printed as numbers of this machine; IPv4 in the last one. */
function addressText(words: readonly number[], isIpv4: boolean): string {
  const bytes = Buffer.alloc(16)
  words.forEach((word, index) => bytes.writeUInt32LE(word, index * 4))
  return textOf([...bytes.subarray(isIpv4 ? 12 : 0)])
}
