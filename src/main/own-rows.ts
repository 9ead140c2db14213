import type { Config } from '../config/config.js'
import type { Replica } from '../ovsdb/replica.js'
import type { PhysicalPortRow, PhysicalSwitchRow, Tables } from '../schema/rows.generated.js'
import type { FaultRows } from './impairment.js'

/** This gateway's row, if somebody made it. */
export function ownSwitchRow(
  replica: Replica<Tables> | undefined,
  { switchName }: Pick<Config, 'switchName'>,
): PhysicalSwitchRow | undefined {
  return [...(replica?.table('Physical_Switch').values() ?? [])].find(({ name }) => name === switchName)
}

/** The rows of its ports, for the fault columns. */
export function faultRowsIn(
  replica: Replica<Tables> | undefined,
  config: Pick<Config, 'switchName' | 'ports'>,
): FaultRows {
  const portRow = (netdev: string): PhysicalPortRow | undefined => {
    const name = config.ports.find((port) => port.netdev === netdev)?.name
    const ids = ownSwitchRow(replica, config)?.ports ?? []
    return ids.flatMap((id) => replica?.table('Physical_Port').get(id) ?? []).find((row) => row.name === name)
  }
  return {
    portOf: (netdev) => portRow(netdev)?._uuid,
    aclOf: (netdev, vlan) => portRow(netdev)?.acl_bindings.get(vlan),
  }
}
