import t from 'tap'
import { readAclEntry } from '../../src/schema/acl-entry.js'
import { parseMaskedAddress } from '../../src/schema/masked-address.js'
import type { AclEntryRow } from '../../src/schema/rows.generated.js'
import { replicaOf, uuid } from '../desired/replica-of.js'

const read = (columns: Partial<AclEntryRow>) => {
  const row = { _uuid: uuid(1), direction: 'ingress', action: 'deny', ...columns } as const
  const [entry] = [
    ...replicaOf({ ACL_entry: [row] })
      .table('ACL_entry')
      .values(),
  ]
  if (entry === undefined) throw new Error('no row')
  return readAclEntry(entry)
}

t.test('every column of an entry becomes a condition', (t) => {
  t.same(
    read({
      action: 'permit',
      source_mac: '02:AB:00:00:00:01',
      dest_mac: 'ff:ff:ff:ff:ff:ff',
      ethertype: '0x0800',
      source_ip: '10.1.2.3',
      source_mask: '255.0.255.0',
      dest_ip: '192.0.2.1',
      protocol: 6,
      source_port_min: 1024,
      dest_port_min: 22,
      dest_port_max: 22,
      tcp_flags: 2,
      tcp_flags_mask: 18,
    }),
    {
      rule: {
        action: 'permit',
        sourceMac: '02:ab:00:00:00:01',
        destMac: 'ff:ff:ff:ff:ff:ff',
        ethertype: 0x800,
        source: { address: '10.0.2.0', mask: '255.0.255.0' },
        dest: { address: '192.0.2.1', mask: '255.255.255.255' },
        protocol: 6,
        sourcePorts: { first: 1024, last: 65535 },
        destPorts: { first: 22, last: 22 },
        tcpFlags: { value: 2, mask: 18 },
      },
      faults: [],
    },
  )
  t.same(read({ protocol: 58, icmp_type: 135, icmp_code: 0, dest_ip: '2001:DB8::1', dest_mask: 'ffff:ffff::' }).rule, {
    action: 'deny',
    dest: { address: '2001:db8::', mask: 'ffff:ffff::' },
    protocol: 58,
    icmpType: 135,
    icmpCode: 0,
  })
  t.same(read({ protocol: 6, tcp_flags: 2 }).rule?.tcpFlags, { value: 2, mask: 0x3f }, 'without a mask ECN is let out')
  t.same(read({}), { rule: { action: 'deny' }, faults: [] })
  t.end()
})

t.test('of a denying entry what cannot be read is left out, so that it denies more and not less', (t) => {
  const refused: [Partial<AclEntryRow>, object, string][] = [
    [{ source_mac: '02-00', protocol: 17 }, { protocol: 17 }, 'source_mac'],
    [{ dest_mac: 'unknown-dst' }, {}, 'dest_mac'],
    [{ ethertype: '0x5ff' }, {}, 'ethertype'],
    [{ ethertype: 'IPv4' }, {}, 'ethertype'],
    [{ source_ip: '10.0.0.1/8' }, {}, 'source_ip'],
    [{ source_ip: '10.0.0.0', source_mask: 'ffff::' }, {}, 'another family'],
    [{ dest_mask: '255.0.0.0' }, {}, 'without dest_ip'],
    [
      { source_ip: '10.0.0.1', dest_ip: '::1', source_mac: '02:00:00:00:00:01' },
      { sourceMac: '02:00:00:00:00:01' },
      'famil',
    ],
    [{ ethertype: '0x86dd', dest_ip: '10.0.0.1' }, {}, 'families'],
    [{ ethertype: '0x0806', protocol: 6 }, {}, 'families'],
    [{ ethertype: '0x0806', source_ip: '10.0.0.1' }, {}, 'families'],
    [{ protocol: 1, icmp_type: 8, source_ip: '::1' }, {}, 'families'],
    [{ protocol: 256 }, {}, 'protocol 256'],
    [{ dest_port_min: 80 }, {}, 'dest_port_min'],
    [{ protocol: 1, source_port_max: 80 }, { protocol: 1 }, 'need the protocol'],
    [{ protocol: 6, source_port_min: 81, source_port_max: 80 }, { protocol: 6 }, 'above'],
    [{ protocol: 17, dest_port_max: 65536 }, { protocol: 17 }, '65536'],
    [{ protocol: 17, tcp_flags: 2 }, { protocol: 17 }, 'tcp_flags need'],
    [{ protocol: 6, tcp_flags: 3, tcp_flags_mask: 2 }, { protocol: 6 }, 'leaves out'],
    [{ protocol: 6, tcp_flags_mask: 2 }, { protocol: 6 }, 'without tcp_flags'],
    [{ protocol: 6, tcp_flags: 4096 }, { protocol: 6 }, '4096'],
    [{ protocol: 6, icmp_type: 8 }, { protocol: 6 }, 'icmp_type'],
    [{ protocol: 1, icmp_type: 8, icmp_code: 256 }, { protocol: 1, icmpType: 8 }, 'icmp_code 256'],
  ]
  for (const [columns, left, complaint] of refused) {
    const { rule, faults } = read(columns)
    t.same(rule, { action: 'deny', ...left }, JSON.stringify(columns))
    t.match(faults.join('; '), complaint)
  }
  t.end()
})

t.test('a permitting entry with a fault permits nothing', (t) => {
  const { rule, faults } = read({ action: 'permit', protocol: 6, source_ip: 'here' })
  t.equal(rule, undefined)
  t.same(faults, ['source_ip "here" is neither an IPv4 nor an IPv6 address'])
  t.end()
})

t.test('addresses are written in canonical text, as the kernel gives them back', (t) => {
  const texts: [string, string | undefined][] = [
    ['2001:DB8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['1::', '1::'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['::10.0.0.1', '::a00:1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7', undefined],
    ['1:2:3:4:5:6:7::8', undefined],
    ['1::2::3', undefined],
    [':::', undefined],
    ['10.0.0.1::', undefined],
    ['fe80::1%eth0', undefined],
    ['12345::', undefined],
    ['010.0.0.1', undefined],
    ['', undefined],
  ]
  for (const [text, canonical] of texts) {
    const masked = parseMaskedAddress(text, undefined)
    t.equal(masked.ok ? masked.value.address : undefined, canonical, text)
  }
  t.end()
})
