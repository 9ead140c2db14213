import t from 'tap'
import { createDesiredBuilder } from '../../src/desired/desired.js'
import type { AclEntryRow, AclRow } from '../../src/schema/rows.generated.js'
import { replicaOf, uuid } from './replica-of.js'
import { gateway, nothing, own, port1 } from './scene.js'

type Entry = Partial<AclEntryRow> & Pick<AclEntryRow, '_uuid'>

const entry = (number: number, sequence: number, columns: Partial<AclEntryRow> = {}): Entry => ({
  _uuid: uuid(number),
  sequence,
  direction: 'ingress',
  action: 'deny',
  ...columns,
})

const scene = (bindings: readonly [number, number][], acls: readonly [number, string, readonly Entry[]][]) =>
  replicaOf({
    ...own,
    Physical_Port: [
      { _uuid: port1, name: 'port1', acl_bindings: new Map(bindings.map(([vlan, acl]) => [vlan, uuid(acl)])) },
    ],
    ACL: acls.map(([id, acl_name, entries]): AclRow => ({
      _uuid: uuid(id),
      acl_name,
      acl_entries: entries.map(({ _uuid }) => _uuid),
      acl_fault_status: [],
    })),
    ACL_entry: acls.flatMap(([, , entries]) => [...entries]),
  })

t.test('entries are served by direction, lower sequences first, equals by UUID', (t) => {
  const entries = [
    entry(74, 10, { protocol: 4 }),
    entry(71, 20, { protocol: 1 }),
    entry(73, 10, { protocol: 3 }),
    entry(72, -5, { protocol: 2, action: 'permit' }),
    entry(75, 0, { protocol: 5, direction: 'egress' }),
  ]
  const { forwarding, refusals } = createDesiredBuilder(gateway)(scene([[7, 81]], [[81, 'web', entries]]), nothing)
  t.same([...forwarding.acls.keys()], ['eth1/7/ingress', 'eth1/7/egress'])
  const lists = [...forwarding.acls.values()]
  t.same(
    lists.map(({ rules }) => rules.map(({ protocol }) => protocol)),
    [[2, 3, 4, 1], [5]],
  )
  t.same(refusals, [])
  t.end()
})

t.test('an entry that cannot be served is a fault of its own, of its ACL, and of every port that has it', (t) => {
  const entries = [entry(71, 1, { source_mac: 'x', action: 'permit' }), entry(72, 2, { dest_mac: 'y', protocol: 6 })]
  const replica = scene(
    [
      [0, 81],
      [4095, 81],
    ],
    [[81, 'web', entries]],
  )
  const { forwarding, refusals } = createDesiredBuilder(gateway)(replica, nothing)
  t.same(
    [...forwarding.acls.values()].map(({ vlan, rules }) => [vlan, rules]),
    [[0, [{ action: 'deny', protocol: 6 }]]],
  )
  const onPort = { on: 'port', port: port1, key: 'invalid_ACL_binding' }
  t.same(
    refusals.map(({ fault }) => fault),
    [
      onPort,
      onPort,
      { on: 'acl entry', entry: uuid(71), key: 'invalid_acl_entry' },
      { on: 'acl entry', entry: uuid(72), key: 'invalid_acl_entry' },
      { on: 'acl', acl: uuid(81), key: 'invalid_acl' },
    ],
  )
  t.end()
})

t.test('an ACL with more entries than fit denies what gets past those that do', (t) => {
  const entries = Array.from({ length: 4097 }, (_, index) =>
    entry(1000 + index, index, { action: 'permit', protocol: index % 256 }),
  )
  const { forwarding, refusals } = createDesiredBuilder(gateway)(scene([[0, 81]], [[81, 'long', entries]]), nothing)
  const [acl] = [...forwarding.acls.values()]
  t.equal(acl?.rules.length, 4096)
  t.same(acl?.rules.at(-1), { action: 'deny' })
  t.same(
    refusals.map(({ fault }) => fault),
    [
      { on: 'port', port: port1, key: 'invalid_ACL_binding' },
      { on: 'acl', acl: uuid(81), key: 'resource_shortage' },
    ],
  )
  t.end()
})

t.test('lists whose rows did not change are the same objects, so that nobody compares their rules', (t) => {
  const build = createDesiredBuilder(gateway)
  const first = scene([[0, 81]], [[81, 'web', [entry(71, 1)]]])
  const before = build(first, nothing).forwarding.acls.get('eth1/0/ingress' as never)
  const changed = replicaOf({ Logical_Switch: [{ _uuid: uuid(11), name: 'ls' }] }, first)
  t.equal(build(changed, nothing).forwarding.acls.get('eth1/0/ingress' as never)?.rules, before?.rules)
  t.ok(before)
  t.end()
})
