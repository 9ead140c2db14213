import t from 'tap'
import { parseReservedVlans } from '../../src/schema/reserved-vlans.js'

const read = (text: string): unknown => {
  const reserved = parseReservedVlans(text)
  return reserved.ok ? [reserved.value.port, [...reserved.value.vlans]] : reserved.reason
}

t.test('reserved VLANs are numbers and ranges, of every port or of one', (t) => {
  t.same(read('7'), [undefined, [7]])
  t.same(read('1, 100 - 102,4094'), [undefined, [1, 100, 101, 102, 4094]])
  t.same(read('5-5,4-6'), [undefined, [5, 4, 6]])
  t.same(read('swp1=0'), ['swp1', [0]])
  t.same(read('a=b=7'), ['a=b', [7]])
  const all = parseReservedVlans('0-4094')
  t.equal(all.ok && all.value.vlans.size, 4095)
  t.end()
})

t.test('what is no VLAN is quoted', (t) => {
  for (const [text, complaint] of [
    ['', '"" is neither a number nor a range like 100-199'],
    ['1,,2', '"" is neither'],
    ['1,', '"" is neither'],
    ['swp1=', '"" is neither'],
    ['=7', '"=7" names no port before the ='],
    ['ten', '"ten" is neither'],
    ['0x10', '"0x10" is neither'],
    ['-7', '"-7" is neither'],
    ['1-2-3', '"1-2-3" is neither'],
    ['1-', '"1-" is neither'],
    ['4095', '"4095" is not a VLAN: expected a number from 0 (untagged) to 4094'],
    ['4000-5000', '"5000" is not a VLAN'],
    ['99999999999999999999', '"99999999999999999999" is not a VLAN'],
    ['200-100', '"200-100" ends before it begins'],
  ] as const) {
    t.ok(String(read(text)).includes(complaint), `${text}: ${String(read(text))}`)
  }
  t.end()
})
