import t from 'tap'
import { namedUuid } from '../../src/ovsdb/notation.js'
import { insert, mutate, remove, update, wait } from '../../src/schema/operations.js'

const uuid = '5a3c0f0e-0000-4000-8000-0123456789ab'

t.test('operations are encoded as RFC 7047 section 5.2 writes them', (t) => {
  const blue = namedUuid('blue')
  t.strictSame(insert('Physical_Port', { name: 'eth1', vlan_bindings: new Map([[7, blue]]) }, 'port'), {
    op: 'insert',
    table: 'Physical_Port',
    row: { name: 'eth1', vlan_bindings: ['map', [[7, ['named-uuid', 'blue']]]] },
    'uuid-name': 'port',
  })
  t.strictSame(
    update('Logical_Switch', [['tunnel_key', '>', 5]], { tunnel_key: undefined, replication_mode: 'source_node' }),
    {
      op: 'update',
      table: 'Logical_Switch',
      where: [['tunnel_key', '>', 5]],
      row: { tunnel_key: ['set', []], replication_mode: 'source_node' },
    },
  )
  t.strictSame(mutate('Physical_Port', [], [['vlan_bindings', 'delete', [7, 8]]]), {
    op: 'mutate',
    table: 'Physical_Port',
    where: [],
    mutations: [['vlan_bindings', 'delete', ['set', [7, 8]]]],
  })
  t.strictSame(mutate('Logical_Binding_Stats', [], [['bytes_to_local', '+=', 5n]]), {
    op: 'mutate',
    table: 'Logical_Binding_Stats',
    where: [],
    mutations: [['bytes_to_local', '+=', 5]],
  })
  t.strictSame(remove('Logical_Switch', [['name', '==', 'a "b" {c}']]), {
    op: 'delete',
    table: 'Logical_Switch',
    where: [['name', '==', 'a "b" {c}']],
  })
  const guard = { where: [], until: '==', columns: ['tunnel_ips'], rows: [{ tunnel_ips: ['192.0.2.1'] }] } as const
  t.strictSame(wait('Physical_Switch', guard), {
    op: 'wait',
    table: 'Physical_Switch',
    where: [],
    until: '==',
    columns: ['tunnel_ips'],
    rows: [{ tunnel_ips: ['set', ['192.0.2.1']] }],
    timeout: 0,
  })
  t.end()
})

t.test('what the schema does not have does not compile, and is refused when it is forced', (t) => {
  // @ts-expect-error -- no such table
  t.throws(() => insert('Logical_Bridge', { name: 'blue' }), { code: 'bad value', table: 'Logical_Bridge' })
  // @ts-expect-error -- no such column
  t.throws(() => insert('Logical_Switch', { vni: 5 }), { code: 'bad value', column: 'vni' })
  // @ts-expect-error -- a text where a number belongs
  t.throws(() => update('Logical_Switch', [], { tunnel_key: '5' }), { code: 'bad value', column: 'tunnel_key' })
  // @ts-expect-error -- one text where a set belongs
  t.throws(() => update('Physical_Switch', [], { tunnel_ips: '192.0.2.1' }), {
    code: 'bad value',
    column: 'tunnel_ips',
  })
  // @ts-expect-error -- a text that is no UUID may not be a reference
  t.equal(update('Tunnel', [], { local: uuid }).op, 'update')
  t.throws(() => insert('Tunnel', {}, 'not-an-id'), { code: 'bad value' })
  t.end()
})
