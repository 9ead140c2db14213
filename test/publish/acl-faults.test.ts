import t from 'tap'
import type { Uuid } from '../../src/ovsdb/notation.js'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { until } from '../lab/until.js'
import { column, publishOnServer } from './publisher-on-server.js'

t.test('faults of ACLs are set and cleared, those of ACLs that only another switch has left alone', async (t) => {
  const published = await publishOnServer(t)
  const entry = ['create', 'ACL_entry', 'sequence=1', 'direction=ingress', 'action=deny']
  await published.server.ctl(
    ...['--', '--id=@ours', ...entry, '--', '--id=@theirs', ...entry],
    ...['--', '--id=@a', 'create', 'ACL', 'acl_name=ours', 'acl_entries=@ours'],
    ...['--', '--id=@b', 'create', 'ACL', 'acl_name=theirs', 'acl_entries=@theirs', 'acl_fault_status=invalid_acl'],
    ...[
      '--',
      'add-ps',
      'other',
      '--',
      'add-port',
      'other',
      'p',
      '--',
      'set',
      'Physical_Port',
      'p',
      'acl_bindings:0=@b',
    ],
    ...['--', 'set', 'Physical_Port', 'port1', 'acl_bindings:7=@a'],
  )
  const [acl] = await column(published, 'ACL', '_uuid', 'acl_name=ours')
  const [entryId] = await column(published, 'ACL', 'acl_entries', 'acl_name=ours')
  await until('the replica to have the ACL', () => Promise.resolve(published.client.replica.table('ACL').size === 2))
  await published.say({
    aclFaults: new Map([[acl as Uuid, new Set(['invalid_acl'])]]),
    aclEntryFaults: new Map([[entryId as Uuid, new Set(['invalid_acl_entry'])]]),
  })
  t.same(await column(published, 'ACL', 'acl_fault_status', 'acl_name=ours'), ['invalid_acl'])
  t.same(await column(published, 'ACL_entry', 'acle_fault_status'), ['invalid_acl_entry'])
  await published.say({ aclFaults: new Map(), aclEntryFaults: new Map() })
  t.same(await column(published, 'ACL', 'acl_fault_status', 'acl_name=ours'), [])
  t.same(await column(published, 'ACL', 'acl_fault_status', 'acl_name=theirs'), ['invalid_acl'])
  t.same(await column(published, 'ACL_entry', 'acle_fault_status'), [])
})

t.test('of an ACL that two switches have neither says what is true of one of them alone', async (t) => {
  const published = await publishOnServer(t)
  const { server, client } = published
  await server.ctl(
    ...['--', '--id=@e', 'create', 'ACL_entry', 'sequence=1', 'direction=ingress', 'action=deny'],
    ...['--', '--id=@a', 'create', 'ACL', 'acl_name=both', 'acl_entries=@e'],
    ...['--', 'add-ps', 'gw2', '--', 'set', 'Physical_Switch', 'gw2', 'tunnel_ips=10.0.0.2'],
    ...['--', 'add-port', 'gw2', 'p', '--', 'set', 'Physical_Port', 'p', 'acl_bindings:0=@a'],
    ...['--', 'set', 'Physical_Port', 'port1', 'acl_bindings:7=@a'],
  )
  const id = await until('the replica to have the ACL', () =>
    Promise.resolve([...client.replica.table('ACL').keys()][0]),
  )
  const faults = () => column(published, 'ACL', 'acl_fault_status')
  const ofTheOther = (...keys: string[]) => {
    const ip = '10.0.0.2' as IpAddress
    const other = { switchName: 'gw2', configuredTunnelIp: ip, tunnelIp: ip, ports: ['p'] }
    return published.operationsOn(client.replica, { ...other, aclFaults: new Map([[id, new Set(keys)]]) })
  }
  await published.say({ aclFaults: new Map([[id, new Set(['invalid_acl', 'resource_shortage'])]]) })
  t.same(await faults(), ['invalid_acl'])
  t.same(ofTheOther('invalid_acl'), [], 'the other one has nothing to say against it')
  t.not(ofTheOther().length, 0)
  await server.ctl('clear', 'Physical_Port', 'p', 'acl_bindings')
  await until('what is ours alone to say', async () => (await faults()).join().includes('resource_shortage'))
  await server.ctl('set', 'Physical_Port', 'p', `acl_bindings:0=${id}`)
  await until('it to be taken back', async () => (await faults()).join() === 'invalid_acl')
})
