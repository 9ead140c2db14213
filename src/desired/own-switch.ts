import type { Uuid } from '../ovsdb/notation.js'
import { parseTunnelAddress, type IpAddress } from '../schema/ip-address.js'
import type { ReservedVlans } from '../schema/reserved-vlans.js'
import type { PhysicalPortRow, PhysicalSwitchRow } from '../schema/rows.generated.js'

/** What the operator says about this gateway. */
export interface Gateway {
  /** Physical_Switch.name */
  readonly switchName: string
  /** undefined: Physical_Switch.tunnel_ips says it. */
  readonly tunnelIp: IpAddress | undefined
  /** Whether BUM goes to the VTEPs of the remote MACs where nobody says where `unknown-dst` is, and the logical switch does not say. */
  readonly floodsToRemoteMacs: boolean
  /** Physical_Port.name -> network device */
  readonly ports: ReadonlyMap<string, string>
  readonly reservedVlans: readonly ReservedVlans[]
  /** What holds where Logical_Switch.other_config does not say whether ARP and neighbour discovery are answered. */
  readonly arpNdSuppression: boolean
}

/** This gateway's rows, found by name. */
export interface OwnSwitch {
  /** undefined: nobody made it yet. */
  readonly row: PhysicalSwitchRow | undefined
  /** Configured ports that have a row, with their device. */
  readonly ports: readonly { readonly row: PhysicalPortRow; readonly netdev: string }[]
  /** Rows of the switch that no device stands behind: not configured here, or the second of a name. */
  readonly deviceless: readonly PhysicalPortRow[]
}

/** Why such a row is not served. */
export const NO_DEVICE = 'this gateway has no port of its name (or a second row has it)'

/** Physical_Switch.name is unique by index; Physical_Port.name is not: of several, the lowest UUID stands. */
export function findOwnSwitch(
  { switchName, ports }: Gateway,
  switches: ReadonlyMap<Uuid, PhysicalSwitchRow>,
  table: ReadonlyMap<Uuid, PhysicalPortRow>,
): OwnSwitch {
  const row = [...switches.values()].find(({ name }) => name === switchName)
  if (row === undefined) return { row, ports: [], deviceless: [] }
  const present: { row: PhysicalPortRow; netdev: string }[] = []
  const deviceless: PhysicalPortRow[] = []
  const taken = new Set<string>()
  for (const port of rowsOf(row.ports, table)) {
    const netdev = ports.get(port.name)
    if (netdev === undefined || taken.has(port.name)) deviceless.push(port)
    else present.push({ row: port, netdev })
    taken.add(port.name)
  }
  return { row, ports: present, deviceless }
}

/**
 * The source address of this gateway's tunnels: as configured, else the first of Physical_Switch.tunnel_ips that the box has.
 */
export function findTunnelIp(
  gateway: Gateway,
  row: PhysicalSwitchRow | undefined,
  boxAddresses: ReadonlySet<string>,
): IpAddress | undefined {
  if (gateway.tunnelIp !== undefined) return gateway.tunnelIp
  for (const text of row?.tunnel_ips ?? []) {
    const ip = parseTunnelAddress(text)
    if (ip.ok && boxAddresses.has(ip.value)) return ip.value
  }
  return undefined
}

function rowsOf(ids: readonly Uuid[], table: ReadonlyMap<Uuid, PhysicalPortRow>): PhysicalPortRow[] {
  return [...ids].sort().flatMap((id) => table.get(id) ?? [])
}
