import { parseIpAddress } from './ip-address.js'

/** The bytes of an IPv4 or IPv6 address: 4 or 16 numbers; undefined: no address. */
export function octetsOf(text: string): readonly number[] | undefined {
  return parseIpAddress(text).ok ? text.split('.').map(Number) : ipv6OctetsOf(text)
}

/** RFC 4291 section 2.2: eight groups, one run of zeros as `::`, the last two groups also as an IPv4 address. */
function ipv6OctetsOf(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : groupsOf(half)))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail !== undefined && halves[0]?.includes('.')) return undefined
  if (tail === undefined) return head.length === 16 ? head : undefined
  // RFC 4291: "::" stands for one group at least.
  const missing = 16 - head.length - tail.length
  return missing < 2 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail]
}

function groupsOf(text: string): number[] | undefined {
  const groups = text.split(':')
  const octets: number[] = []
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      octets.push(value >> 8, value & 0xff)
    } else if (index === groups.length - 1 && parseIpAddress(group).ok) {
      octets.push(...group.split('.').map(Number))
    } else {
      return undefined
    }
  }
  return octets
}

/** The canonical text of such bytes (RFC 5952). */
export function textOf(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((octets[2 * index] ?? 0) << 8) | (octets[2 * index + 1] ?? 0))
  // RFC 5952 section 5: an IPv4-mapped address ends in dotted form.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${octets.slice(12).join('.')}`
  }
  const [start, length] = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** RFC 5952 section 4.2: the longest run, the first of equals. */
function longestZeroRun(groups: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0]
  let start = 0
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best[1]) best = [start, index + 1 - start]
  })
  return best
}
