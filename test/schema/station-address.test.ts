import t from 'tap'
import { ARP_ND_SUPPRESSION, parseFlag } from '../../src/schema/other-config.js'
import { isLinkLocal, parseStationAddress } from '../../src/schema/station-address.js'

t.test('the address of a station is read in any text and printed in the canonical one', (t) => {
  for (const [text, canonical] of [
    ['10.0.0.101', '10.0.0.101'],
    ['FD00:0:0::0065', 'fd00::65'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::192.0.2.1', '2001:db8::c000:201'],
  ] as const) {
    t.strictSame(parseStationAddress(text), { ok: true, value: canonical })
  }
  t.end()
})

t.test('what no station can have is refused, with the reason', (t) => {
  for (const [text, reason] of [
    ['10.0.0.1/24', /neither an IPv4 nor an IPv6 address/],
    [' 10.0.0.1', /neither/],
    ['10.0.0.1,10.0.0.2', /neither/],
    ['fd00::1%eth0', /neither/],
    ['0.0.0.0', /"0.0.0.0" is in 0.0.0.0\/8/],
    ['127.0.0.1', /loopback/],
    ['224.0.0.1', /not a unicast/],
    ['255.255.255.255', /not a unicast/],
    ['ff02::1', /not a unicast/],
    ['::', /::\/80/],
    ['::1', /::\/80/],
    ['::ffff:10.0.0.1', /::\/80/],
  ] as const) {
    t.match(parseStationAddress(text), { ok: false, reason })
  }
  t.end()
})

t.test('link-local addresses are told from others', (t) => {
  const verdicts = ['fe80::1', 'febf::1', 'fec0::1', 'fd00::1', '169.254.0.1'].map((text) => {
    const address = parseStationAddress(text)
    return address.ok && isLinkLocal(address.value)
  })
  t.same(verdicts, [true, true, false, false, false])
  t.end()
})

t.test('a flag of other_config is true, false or not there', (t) => {
  const read = (...entries: [string, string][]) => parseFlag(new Map(entries), ARP_ND_SUPPRESSION)
  t.strictSame(read(), { ok: true, value: undefined })
  t.strictSame(read(['something', 'false']), { ok: true, value: undefined })
  t.strictSame(read(['arp-nd-suppression', 'true']), { ok: true, value: true })
  t.strictSame(read(['arp-nd-suppression', 'false']), { ok: true, value: false })
  t.match(read(['arp-nd-suppression', 'off']), { ok: false, reason: '"off" is neither true nor false' })
  t.end()
})
