import { z } from 'zod'
import { aclKey } from '../../desired/forwarding.js'
import { parseVlanId } from '../../schema/vlan-id.js'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

const schema = z.array(
  z.object({
    port: z.string(),
    /** 0: the whole port, whatever the tag */
    vlan: z.int(),
    acl: z.string(),
    /** Rules in force for what the server sends; 0: everything passes. */
    ingress: z.int(),
    /** Rules in force for what the server is sent. */
    egress: z.int(),
    /** acl_fault_status */
    faults: z.array(z.string()),
  }),
)

type Acls = z.infer<typeof schema>

export const acls = section({ schema, build, print })

/** As the controller asked: Physical_Port.acl_bindings, with what the kernel has of each. */
function build({ config, replica, applied }: View): Acls {
  const own = [...replica.table('Physical_Switch').values()].find(({ name }) => name === config.switchName)
  return (own?.ports ?? []).flatMap((id) => {
    const port = replica.table('Physical_Port').get(id)
    if (port === undefined) return []
    const netdev = config.ports.find(({ name }) => name === port.name)?.netdev
    return [...port.acl_bindings]
      .sort(([a], [b]) => a - b)
      .map(([number, aclId]) => {
        const row = replica.table('ACL').get(aclId)
        const vlan = parseVlanId(number)
        const rules = (direction: 'ingress' | 'egress'): number =>
          netdev === undefined || !vlan.ok
            ? 0
            : (applied?.acls.get(aclKey(netdev, vlan.value, direction))?.rules.length ?? 0)
        return {
          port: port.name,
          vlan: number,
          acl: row?.acl_name ?? aclId,
          ingress: rules('ingress'),
          egress: rules('egress'),
          faults: [...(row?.acl_fault_status ?? [])],
        }
      })
  })
}

function print(value: Acls): string {
  return table(
    [
      { heading: 'PORT' },
      { heading: 'VLAN', align: 'right' },
      { heading: 'ACL' },
      { heading: 'INGRESS RULES', align: 'right' },
      { heading: 'EGRESS RULES', align: 'right' },
      { heading: 'FAULTS' },
    ],
    value.map(({ port, vlan, acl, ingress, egress, faults }) => [
      port,
      vlan === 0 ? 'all' : String(vlan),
      acl,
      String(ingress),
      String(egress),
      faults.join(', ') || '-',
    ]),
    'nothing is filtered: the controller writes Physical_Port.acl_bindings',
  )
}
