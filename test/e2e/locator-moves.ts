import { commit, transact } from '../lab/transact.js'
import { until } from '../lab/until.js'

/** How a controller gives a row another locator: OVN deletes and inserts when a VM migrates. */
export type Manner = 'in place' | 'as another row'

type Reference = readonly ['uuid' | 'named-uuid', string]

interface Place {
  /** What makes it where it is not there yet. */
  readonly operations: readonly object[]
  readonly locator: Reference
}

/** Moves a MAC of Ucast_Macs_Remote behind another VTEP, in one transaction. */
export async function moveMac(endpoint: string, mac: string, to: string, manner: Manner): Promise<void> {
  await retrying(`${mac} to move`, async () => {
    const { operations, locator } = await placeAt(endpoint, to)
    await replace(endpoint, 'Ucast_Macs_Remote', mac, manner, operations, { locator })
  })
}

/** Gives the `unknown-dst` row one other member, in one transaction. */
export async function moveFlood(endpoint: string, to: string, manner: Manner): Promise<void> {
  await retrying('unknown-dst to move', async () => {
    const { operations, locator } = await placeAt(endpoint, to)
    const row = { locators: ['set', [locator]] }
    const set = { op: 'insert', table: 'Physical_Locator_Set', 'uuid-name': 'members', row }
    const locator_set = ['named-uuid', 'members']
    await replace(endpoint, 'Mcast_Macs_Remote', 'unknown-dst', manner, [...operations, set], { locator_set })
  })
}

/** A locator may go with the last row of the gateway that named it, while a transaction is put together. */
async function retrying(what: string, change: () => Promise<void>): Promise<void> {
  await until(what, () =>
    change().then(
      () => true,
      (error: unknown) => {
        if (String(error).includes('referential integrity violation')) return false
        throw error
      },
    ),
  )
}

async function replace(
  endpoint: string,
  table: string,
  MAC: string,
  manner: Manner,
  before: readonly object[],
  row: object,
): Promise<void> {
  const where = [['MAC', '==', MAC]]
  const found = (await transact(endpoint, { op: 'select', table, where, columns: ['logical_switch'] })) as Selected[]
  const logical_switch = found[0]?.rows[0]?.logical_switch
  if (logical_switch === undefined) throw new Error(`no row of ${table} has ${MAC}`)
  const change =
    manner === 'in place'
      ? [{ op: 'update', table, where, row }]
      : [
          { op: 'delete', table, where },
          { op: 'insert', table, row: { MAC, logical_switch, ...row } },
        ]
  await commit(endpoint, ...before, ...change)
}

type Selected = { readonly rows: readonly Readonly<Record<string, readonly [string, string]>>[] }

/** The locator of a VTEP: a second one of the same columns would be refused. */
async function placeAt(endpoint: string, ip: string): Promise<Place> {
  const where = [['dst_ip', '==', ip]]
  const found = (await transact(endpoint, {
    op: 'select',
    table: 'Physical_Locator',
    where,
    columns: ['_uuid'],
  })) as Selected[]
  const uuid = found[0]?.rows[0]?._uuid?.[1]
  if (uuid !== undefined) return { operations: [], locator: ['uuid', uuid] }
  const row = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: ip }
  return {
    operations: [{ op: 'insert', table: 'Physical_Locator', 'uuid-name': 'place', row }],
    locator: ['named-uuid', 'place'],
  }
}
