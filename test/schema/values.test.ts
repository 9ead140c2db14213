import t from 'tap'
import { parseIpAddress, parseTunnelAddress } from '../../src/schema/ip-address.js'
import { isMulticast, parseMac, parseUnicastMac } from '../../src/schema/mac.js'
import { parseMulticastDestination } from '../../src/schema/multicast-destination.js'
import { parseVlanId } from '../../src/schema/vlan-id.js'
import { parseTunnelKey, parseVni } from '../../src/schema/vni.js'

t.test('a MAC address is read in either case and printed in lower case', (t) => {
  t.strictSame(parseMac('02:AB:cd:00:00:01'), { ok: true, value: '02:ab:cd:00:00:01' })
  for (const text of [
    '',
    'Not A Mac',
    '02:ab:cd:00:00',
    '02-ab-cd-00-00-01',
    '02abcd000001',
    '2:ab:cd:0:0:1',
    ' 02:ab:cd:00:00:01',
  ]) {
    t.match(parseMac(text), { ok: false, reason: `${JSON.stringify(text)} is not a MAC address` })
  }
  t.end()
})

t.test('a station has a MAC address that is neither multicast nor zero', (t) => {
  t.ok(parseUnicastMac('02:00:00:00:00:01').ok)
  t.match(parseUnicastMac('01:00:5E:00:00:01'), { ok: false, reason: /"01:00:5E:00:00:01" is a multicast address/ })
  t.match(parseUnicastMac('ff:ff:ff:ff:ff:ff'), { ok: false, reason: /multicast/ })
  t.match(parseUnicastMac('00:00:00:00:00:00'), { ok: false, reason: /all zero/ })
  t.match(parseUnicastMac('nonsense'), { ok: false, reason: /not a MAC address/ })
  const broadcast = parseMac('ff:ff:ff:ff:ff:ff')
  t.ok(broadcast.ok && isMulticast(broadcast.value))
  t.end()
})

t.test('a multicast row names a group or everything unknown', (t) => {
  t.strictSame(parseMulticastDestination('unknown-dst'), { ok: true, value: { kind: 'unknown-dst' } })
  t.strictSame(parseMulticastDestination('01:00:5e:00:00:FB'), {
    ok: true,
    value: { kind: 'group', mac: '01:00:5e:00:00:fb' },
  })
  t.match(parseMulticastDestination('02:00:00:00:00:01'), { ok: false, reason: /not a multicast address/ })
  t.match(parseMulticastDestination('Unknown-Dst'), {
    ok: false,
    reason: /"Unknown-Dst" is neither "unknown-dst" nor a MAC/,
  })
  t.end()
})

t.test('a VNI is 1 to 16777214', (t) => {
  t.strictSame(parseVni(1), { ok: true, value: 1 })
  t.strictSame(parseVni('16777214'), { ok: true, value: 16_777_214 })
  for (const number of [0, -3, 16_777_215, 16_777_217, 1.5, 1e21, Number.NaN, '', '0x10', ' 7']) {
    t.match(parseVni(number), { ok: false, reason: `"${number}" is not a VNI: expected a number from 1 to 16777214` })
  }
  t.end()
})

t.test('a tunnel key that is empty or 0 stands for a logical switch without use', (t) => {
  t.strictSame(parseTunnelKey(undefined), { ok: true, value: { kind: 'inactive' } })
  t.strictSame(parseTunnelKey(0), { ok: true, value: { kind: 'inactive' } })
  t.strictSame(parseTunnelKey(5001), { ok: true, value: { kind: 'active', vni: 5001 } })
  t.match(parseTunnelKey(-3), { ok: false, reason: /"-3" is not a VNI/ })
  t.end()
})

t.test('a VLAN is 0 to 4094', (t) => {
  t.strictSame(parseVlanId(0), { ok: true, value: 0 })
  t.strictSame(parseVlanId('4094'), { ok: true, value: 4094 })
  for (const number of [4095, -1, 0.5, '', 'any'])
    t.match(parseVlanId(number), { ok: false, reason: `"${number}" is not a VLAN` })
  t.end()
})

t.test('an IP address is four decimal numbers without leading zeros', (t) => {
  for (const text of ['0.0.0.0', '192.0.2.1', '255.255.255.255'])
    t.strictSame(parseIpAddress(text), { ok: true, value: text })
  for (const text of ['', '192.0.2', '192.0.2.256', '192.0.2.010', '192.0.2.1 ', '::1', 'host', '1.2.3.4.5']) {
    t.match(parseIpAddress(text), { ok: false, reason: `${JSON.stringify(text)} is not an IPv4 address` })
  }
  t.end()
})

t.test('a tunnel ends at a unicast address of a host', (t) => {
  t.ok(parseTunnelAddress('10.0.0.1').ok)
  for (const text of ['0.1.2.3', '127.0.0.1', '224.0.0.1', '255.255.255.255', 'nonsense']) {
    t.match(parseTunnelAddress(text), { ok: false, reason: JSON.stringify(text) })
  }
  t.end()
})
