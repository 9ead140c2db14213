import type { Uuid } from '../ovsdb/notation.js'
import { readAclEntry, type AclEntryReading } from '../schema/acl-entry.js'
import type { AclDirection, AclRule } from '../schema/acl-rule.js'
import type { AclEntryRow, AclRow, PhysicalPortRow } from '../schema/rows.generated.js'
import { parseVlanId } from '../schema/vlan-id.js'
import { aclKey, type Acl, type Forwarding } from './forwarding.js'
import { NO_DEVICE, type OwnSwitch } from './own-switch.js'
import type { PortFault, Refusal } from './refusal.js'

/** The data plane looks at the rules of a list one by one. */
const RULES_MAX = 4096

interface AclReading {
  readonly acls: Forwarding['acls']
  readonly refusals: readonly Refusal[]
}

/**
 * Makes the function that reads Physical_Port.acl_bindings of this gateway's ports, and the ACLs that they name.
 *
 * What an ACL does is said by its rows alone, and the same after a restart: no former version stays in force, since it might let
 * pass what the new one is to keep back. Of an ACL with an invalid entry all others are served, and that one so that nothing
 * passes which it would have kept back (`readAclEntry`). An ACL with more entries than fit in a direction ends there, and denies
 * what gets to its end.
 */
export function createAclReader(): (
  own: OwnSwitch,
  table: ReadonlyMap<Uuid, AclRow>,
  entries: ReadonlyMap<Uuid, AclEntryRow>,
) => AclReading {
  const compile = createCompiler()
  return (own, table, entries) => {
    const acls = new Map<ReturnType<typeof aclKey>, Acl>()
    const refusals: Refusal[] = []
    const bound = new Map<Uuid, Compiled>()
    for (const { row: port, netdev } of own.ports) {
      for (const [number, id] of port.acl_bindings) {
        const vlan = parseVlanId(number)
        const row = table.get(id)
        if (row === undefined || !vlan.ok) {
          const reason = vlan.ok ? 'does not exist' : `is bound to a VLAN that does not exist: ${vlan.reason}`
          refusals.push(refusePort(port, `ACL ${row?.acl_name ?? id} ${reason}`))
          continue
        }
        const compiled = bound.get(id) ?? compile(row, entries)
        bound.set(id, compiled)
        if (compiled.refusals.length > 0) {
          refusals.push(refusePort(port, `ACL ${row.acl_name} is not served as it is written`))
        }
        for (const direction of ['ingress', 'egress'] as const) {
          const rules = compiled[direction]
          if (rules.length === 0) continue
          acls.set(aclKey(netdev, vlan.value, direction), { netdev, vlan: vlan.value, direction, rules })
        }
      }
    }
    for (const port of own.deviceless) {
      if (port.acl_bindings.size === 0) continue
      refusals.push(refusePort(port, `it has ACLs, and ${NO_DEVICE}`))
    }
    for (const compiled of bound.values()) refusals.push(...compiled.refusals)
    return { acls, refusals }
  }
}

/** The lists of an ACL. */
interface Compiled extends Readonly<Record<AclDirection, readonly AclRule[]>> {
  readonly refusals: readonly Refusal[]
}

/** ACLs whose rows did not change give the same lists again, so that nobody compares their rules. */
function createCompiler(): (row: AclRow, table: ReadonlyMap<Uuid, AclEntryRow>) => Compiled {
  const readings = new WeakMap<AclEntryRow, AclEntryReading>()
  const last = new WeakMap<AclRow, { readonly entries: readonly AclEntryRow[]; readonly compiled: Compiled }>()
  const read = (entry: AclEntryRow): AclEntryReading => {
    let reading = readings.get(entry)
    if (reading === undefined) readings.set(entry, (reading = readAclEntry(entry)))
    return reading
  }
  return (row, table) => {
    const entries = row.acl_entries.flatMap((id) => table.get(id) ?? [])
    const former = last.get(row)
    if (former?.entries.length === entries.length && former.entries.every((entry, index) => entry === entries[index])) {
      return former.compiled
    }
    const compiled = compileAcl(row, entries, read)
    last.set(row, { entries, compiled })
    return compiled
  }
}

function compileAcl(
  row: AclRow,
  entries: readonly AclEntryRow[],
  read: (entry: AclEntryRow) => AclEntryReading,
): Compiled {
  const lists: Record<AclDirection, AclRule[]> = { ingress: [], egress: [] }
  const refusals: Refusal[] = []
  let invalid = 0
  for (const entry of [...entries].sort(bySequence)) {
    const { rule, faults } = read(entry)
    if (rule !== undefined) lists[entry.direction].push(rule)
    if (faults.length === 0) continue
    invalid += 1
    refusals.push(refuseEntry(row, entry, faults))
  }
  if (invalid > 0) refusals.push(refuseAcl(row, `${invalid} of its entries cannot be served as written`, 'invalid_acl'))
  for (const [direction, rules] of Object.entries(lists)) {
    if (rules.length <= RULES_MAX) continue
    const reason = `${rules.length} entries for ${direction}, of which ${RULES_MAX - 1} fit; what gets past them is denied`
    refusals.push(refuseAcl(row, reason, 'resource_shortage'))
    rules.splice(RULES_MAX - 1, Infinity, { action: 'deny' })
  }
  return { ...lists, refusals }
}

/** ACL_entry.sequence: lower ones first; equals in the order of their UUIDs, which does not change. */
function bySequence(a: AclEntryRow, b: AclEntryRow): number {
  return a.sequence - b.sequence || (a._uuid < b._uuid ? -1 : 1)
}

function refuseEntry(
  { acl_name }: AclRow,
  { _uuid, sequence, action }: AclEntryRow,
  faults: readonly string[],
): Refusal {
  const served = action === 'deny' ? 'it denies all that the rest of it matches' : 'it permits nothing'
  return {
    table: 'ACL_entry',
    row: _uuid,
    subject: `entry ${sequence} of ACL ${acl_name}`,
    reason: `${faults.join('; ')}: ${served}`,
    fault: { on: 'acl entry', entry: _uuid, key: 'invalid_acl_entry' },
  }
}

function refuseAcl({ _uuid, acl_name }: AclRow, reason: string, key: 'invalid_acl' | 'resource_shortage'): Refusal {
  return { table: 'ACL', row: _uuid, subject: `ACL ${acl_name}`, reason, fault: { on: 'acl', acl: _uuid, key } }
}

function refusePort({ _uuid, name }: PhysicalPortRow, reason: string): Refusal {
  const key: PortFault = 'invalid_ACL_binding'
  return { table: 'Physical_Port', row: _uuid, subject: name, reason, fault: { on: 'port', port: _uuid, key } }
}
