import { run } from '../lab/command.js'
import type { Host } from '../lab/host.js'
import type { Lab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'
import type { Underlay } from '../lab/underlay.js'
import type { OvnCentral } from './ovn-central.js'
import { serveDatabase } from './serve-database.js'

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
  const { address } = await underlay.attach(namespace)
  const directory = lab.directory(name)
  const database = await serveDatabase(lab, namespace, directory, 'db', '/usr/share/openvswitch/vswitch.ovsschema')
  const env = {
    OVS_RUNDIR: directory,
    OVS_LOGDIR: directory,
    OVS_DBDIR: directory,
    OVS_SYSCONFDIR: directory,
    OVN_RUNDIR: directory,
  }
  const start = (...argv: readonly string[]) => {
    const daemon = namespace.start(argv, env)
    lab.own(() => daemon.stop())
  }
  const vsctl = (...words: readonly string[]) => run(['ovs-vsctl', `--db=${database}`, '--timeout=20', ...words])

  await vsctl(
    '--no-wait',
    'init',
    '--',
    'set',
    'Open_vSwitch',
    '.',
    `external-ids:system-id=${name}`,
    `external-ids:ovn-remote=${central.southbound}`,
    'external-ids:ovn-encap-type=geneve,vxlan',
    `external-ids:ovn-encap-ip=${address}`,
    'external-ids:ovn-bridge-datapath-type=netdev',
  )
  start('ovs-vswitchd', database, `--unixctl=${directory}/vswitchd.ctl`, `--pidfile=${directory}/vswitchd.pid`)
  // The user space datapath finds its tunnels' next hop on a bridge of its own that holds the address.
  await vsctl(
    'add-br',
    'br-phy',
    '--',
    'set',
    'Bridge',
    'br-phy',
    'datapath_type=netdev',
    '--',
    'add-port',
    'br-phy',
    'under',
  )
  await vsctl('add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev', 'fail-mode=secure')
  await namespace.ip('addr flush dev under', `addr add ${address}/24 dev br-phy`, 'link set br-phy up')
  // It reads the device by AF_PACKET, which hands it what GRO glued together: frames longer than the MTU.
  await namespace.run(['ethtool', '-K', 'under', 'gro', 'off'])
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
