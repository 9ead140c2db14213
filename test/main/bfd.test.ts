import t from 'tap'
import type { BfdStatus } from '../../src/datapath/datapath.js'
import { bfdStatusColumns } from '../../src/main/bfd-status-columns.js'
import { createBfdTable } from '../../src/main/bfd-table.js'
import { hv1, hv2, hv3, plain } from '../desired/scene.js'

const up: BfdStatus = {
  remoteIp: hv1,
  enabled: true,
  state: 'up',
  forwarding: true,
  diagnostic: 'No Diagnostic',
  remoteState: 'up',
  remoteDiagnostic: 'No Diagnostic',
}

t.test(
  'a remote VTEP is unreachable while its session does not forward, else healthy, and the sets keep their identity',
  (t) => {
    const table = createBfdTable([up])
    const [none, healthy] = [table.unreachable(), table.healthy()]
    t.same([...none], [])
    t.same([...healthy], [hv1])
    table.take({ ...up, remoteDiagnostic: 'Path Down' })
    t.equal(table.unreachable(), none)
    t.equal(table.healthy(), healthy)
    table.take({ ...up, state: 'down', forwarding: false })
    t.same([...table.unreachable()], [hv1])
    t.same([...table.healthy()], [])
    table.take({ ...up, enabled: false, forwarding: false })
    t.same([...table.unreachable()], [], 'a session that cannot be run says nothing')
    t.same([...table.healthy()], [])
    table.take({ ...up, remoteIp: hv2, forwarding: false })
    t.same([...table.unreachable()], [], 'nor does one that there is not')
    table.replace([])
    t.equal(table.statuses().size, 0)
    t.end()
  },
)

t.test(
  'bfd_status has all keys of a session, says of one that was not taken why, and is empty where BFD is off',
  (t) => {
    const statuses = new Map([
      [hv1, { ...up, info: 'so it is' }],
      [hv3, { ...up, remoteIp: hv3 }],
    ])
    const entry = { remoteIp: hv2 } as never
    const failures = [
      { step: { kind: 'putBfd', entries: [entry] }, index: 0, code: 'table_full', message: 'BFD sessions: full' },
    ] as const
    t.same(plain(bfdStatusColumns([hv1, hv2], statuses, failures)), {
      [hv1]: {
        enabled: 'true',
        state: 'up',
        forwarding: 'true',
        diagnostic: 'No Diagnostic',
        remote_state: 'up',
        remote_diagnostic: 'No Diagnostic',
        info: 'so it is',
      },
      [hv2]: { enabled: 'false', info: 'BFD sessions: full' },
    })
    t.end()
  },
)
