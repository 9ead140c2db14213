import type { Host } from '../lab/host.js'
import type { Lab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'
import { openVswitchSchema, startOpenVswitch } from '../lab/open-vswitch.js'
import { serveDatabase } from '../lab/serve-database.js'
import type { Underlay } from '../lab/underlay.js'
import type { OvnCentral } from './ovn-central.js'

/** A hypervisor that OVN manages: Open vSwitch with the datapath in user space, and ovn-controller. */
export interface OvnHypervisor {
  readonly name: string
  readonly namespace: Namespace
  /** Gives a logical port to a device of this namespace. */
  readonly addPort: (device: string, logicalPort: string) => Promise<void>
  readonly removePort: (device: string) => Promise<void>
}

export async function startOvnHypervisor(
  lab: Lab,
  name: string,
  underlay: Underlay,
  central: OvnCentral,
): Promise<OvnHypervisor> {
  const namespace = await lab.namespace(name)
  const attachment = await underlay.attach(namespace)
  const directory = lab.directory(name)
  const database = await serveDatabase(lab, namespace, directory, 'db', openVswitchSchema)
  const { vsctl, start } = await startOpenVswitch(lab, namespace, attachment, { directory, database })
  await vsctl(
    ...['set', 'Open_vSwitch', '.', `external-ids:system-id=${name}`],
    `external-ids:ovn-remote=${central.southbound}`,
    'external-ids:ovn-encap-type=geneve,vxlan',
    `external-ids:ovn-encap-ip=${attachment.address}`,
    'external-ids:ovn-bridge-datapath-type=netdev',
  )
  await vsctl('add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev', 'fail-mode=secure')
  start('ovn-controller', database)
  return {
    name,
    namespace,
    addPort: async (device, logicalPort) => {
      await vsctl(
        'add-port',
        'br-int',
        device,
        '--',
        'set',
        'Interface',
        device,
        `external-ids:iface-id=${logicalPort}`,
      )
    },
    removePort: async (device) => {
      await vsctl('del-port', 'br-int', device)
    },
  }
}

/** Moves a VM's cable from one hypervisor to another, as live migration does: same MAC, same addresses, same logical port. */
export async function migrate(vm: Host, logicalPort: string, from: OvnHypervisor, to: OvnHypervisor): Promise<void> {
  await from.removePort(logicalPort)
  await from.namespace.ip(`link set ${logicalPort} netns ${to.namespace.name}`)
  await to.namespace.ip(`link set ${logicalPort} up`)
  await to.addPort(logicalPort, logicalPort)
  await vm.namespace.ip('link set eth0 up')
}
