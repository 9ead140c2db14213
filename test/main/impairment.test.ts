import t from 'tap'
import type { IpAddress } from '../../src/schema/ip-address.js'
import type { Mac } from '../../src/schema/mac.js'
import type { Locator } from '../../src/schema/locator.js'
import type { StationAddress } from '../../src/schema/station-address.js'
import type { VlanId } from '../../src/schema/vlan-id.js'
import { impairmentsOf } from '../../src/main/impairment.js'
import type { StepFailure } from '../../src/reconcile/apply.js'
import { uuid } from '../desired/replica-of.js'

t.test('a full table is one fault of the switch however many entries failed, a device one of its port', (t) => {
  const switchId = uuid(1)
  const macs = Array.from({ length: 1000 }, () => ({
    switchId,
    mac: '02:00:00:00:00:01' as Mac,
    locator: '10.0.0.1' as Locator,
  }))
  const failures: StepFailure[] = [
    ...macs.map((_, index) => ({
      step: { kind: 'putRemoteMacs', entries: macs } as const,
      index,
      code: 'table_full' as const,
      message: 'full',
    })),
    {
      step: { kind: 'putPorts', entries: [{ netdev: 'eth1' }] },
      index: 0,
      code: 'no_such_device',
      message: 'no device eth1',
    },
    {
      step: { kind: 'putBindings', entries: [{ netdev: 'eth1', vlan: 0 as VlanId, switchId }] },
      index: 0,
      code: 'no_such_device',
      message: 'no device eth1',
    },
  ]
  t.same(
    impairmentsOf(failures, { portOf: (netdev) => (netdev === 'eth1' ? uuid(2) : undefined), aclOf: () => undefined }),
    [
      { subject: 'remote MACs', reason: 'full (and 999 more)', fault: { on: 'switch', key: 'mac_table_exhaustion' } },
      {
        subject: 'device eth1',
        reason: 'no device eth1',
        fault: { on: 'port', port: uuid(2), key: 'unspecified_fault' },
      },
    ],
  )
  t.end()
})

t.test('a table that is full is a fault of its own, whatever failed before in the same step', (t) => {
  const tunnels = ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((ip) => {
    return { remoteIp: ip as IpAddress, localIp: '10.0.0.1' as IpAddress }
  })
  const failures = (['kernel', 'table_full', 'table_full'] as const).map((code, index) => {
    return { step: { kind: 'putTunnels', entries: tunnels } as const, index, code, message: code }
  })
  t.same(impairmentsOf(failures, { portOf: () => undefined, aclOf: () => undefined }), [
    { subject: 'tunnels', reason: 'kernel', fault: { on: 'switch', key: 'unspecified_fault' } },
    { subject: 'tunnels', reason: 'table_full (and 1 more)', fault: { on: 'switch', key: 'tunnel_exhaustion' } },
  ])
  t.end()
})

t.test('addresses that do not fit are said once, as a fault of the switch', (t) => {
  const entries = ['10.1.0.1', '10.1.0.2'].map((address) => ({
    switchId: uuid(1),
    address: address as StationAddress,
    mac: '02:00:00:00:00:01' as Mac,
  }))
  const failures = entries.map((_, index) => ({
    step: { kind: 'putNeighbours', entries } as const,
    index,
    code: 'table_full' as const,
    message: 'full',
  }))
  t.same(impairmentsOf(failures, { portOf: () => undefined, aclOf: () => undefined }), [
    {
      subject: 'addresses of remote MACs',
      reason: 'full (and 1 more)',
      fault: { on: 'switch', key: 'unspecified_fault' },
    },
  ])
  t.end()
})

t.test('an ACL that does not fit is a fault of the ACL and of its port', (t) => {
  const acl = { netdev: 'eth1', vlan: 7 as VlanId, direction: 'ingress', rules: [{ action: 'deny' }] } as const
  const failures: StepFailure[] = [
    { step: { kind: 'putAcls', entries: [acl] }, index: 0, code: 'table_full', message: 'full' },
  ]
  t.same(
    impairmentsOf(failures, { portOf: () => uuid(2), aclOf: (_, vlan) => uuid(vlan) }).map(({ fault }) => fault),
    [
      { on: 'port', port: uuid(2), key: 'invalid_ACL_binding' },
      { on: 'acl', acl: uuid(7), key: 'resource_shortage' },
    ],
  )
  t.end()
})
