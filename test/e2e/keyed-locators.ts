import { commit, transact } from '../lab/transact.js'

/** A locator with a tunnel_key of its own, which vtep-ctl cannot make. */
export interface KeyedLocator {
  readonly ip: string
  readonly key: number
}

/**
 * Makes rows of Ucast_Macs_Remote and an `unknown-dst` row that name keyed locators, in one transaction; the former `unknown-dst` row of the
 * logical switch goes.
 *
 * @param macs MAC -> the locator that it is behind, one of `members`.
 */
export async function placeBehind(
  endpoint: string,
  logicalSwitch: string,
  members: readonly KeyedLocator[],
  macs: ReadonlyMap<string, KeyedLocator>,
): Promise<void> {
  const named = (locator: KeyedLocator) => ['named-uuid', `l${members.indexOf(locator)}`]
  const inSwitch = { logical_switch: ['uuid', logicalSwitch] }
  await commit(
    endpoint,
    ...members.map(({ ip, key }, index) => ({
      op: 'insert',
      table: 'Physical_Locator',
      'uuid-name': `l${index}`,
      row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: ip, tunnel_key: key },
    })),
    {
      op: 'delete',
      table: 'Mcast_Macs_Remote',
      where: [
        ['logical_switch', '==', inSwitch.logical_switch],
        ['MAC', '==', 'unknown-dst'],
      ],
    },
    {
      op: 'insert',
      table: 'Physical_Locator_Set',
      'uuid-name': 'members',
      row: { locators: ['set', members.map(named)] },
    },
    {
      op: 'insert',
      table: 'Mcast_Macs_Remote',
      row: { MAC: 'unknown-dst', ...inSwitch, locator_set: ['named-uuid', 'members'] },
    },
    ...[...macs].map(([MAC, locator]) => ({
      op: 'insert',
      table: 'Ucast_Macs_Remote',
      row: { MAC, ...inSwitch, locator: named(locator) },
    })),
  )
}

/** Changes the tunnel_key of a locator in place; `to` undefined takes it away. */
export async function rekey(endpoint: string, { ip, key }: KeyedLocator, to: number | undefined): Promise<void> {
  const results = (await transact(endpoint, {
    op: 'update',
    table: 'Physical_Locator',
    where: [
      ['dst_ip', '==', ip],
      ['tunnel_key', '==', key],
    ],
    row: { tunnel_key: to ?? ['set', []] },
  })) as { count?: number }[]
  if (results[0]?.count !== 1) throw new Error(`no locator ${ip} has the key ${key}: ${JSON.stringify(results)}`)
}
