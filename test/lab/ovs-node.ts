import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import { openVswitchSchema, startOpenVswitch } from './open-vswitch.js'
import { serveDatabase } from './serve-database.js'
import type { Attachment, Underlay } from './underlay.js'
import { until } from './until.js'

/** A VTEP of Open vSwitch that runs BFD with one other VTEP, as a service node does. */
export interface OvsNode {
  readonly namespace: Namespace
  readonly attachment: Attachment
  readonly address: string
  /** Sets columns of its end of the tunnel, such as `bfd:cpath_down=true`. */
  readonly set: (...assignments: readonly string[]) => Promise<void>
  /** A key of its bfd_status; empty where it has none. */
  readonly bfdStatus: (key: string) => Promise<string>
}

/** Starts it with BFD at 300 ms towards the peer; it takes whatever VNI comes, BFD has VNI 0. */
export async function startOvsNode(lab: Lab, name: string, underlay: Underlay, peer: string): Promise<OvsNode> {
  const namespace = await lab.namespace(name)
  const attachment = await underlay.attach(namespace)
  const directory = lab.directory(name)
  const database = await serveDatabase(lab, namespace, directory, 'db', openVswitchSchema)
  const { vsctl } = await startOpenVswitch(lab, namespace, attachment, { directory, database })
  await vsctl(
    ...['add-br', 'br0', '--', 'set', 'Bridge', 'br0', 'datapath_type=netdev', '--', 'add-port', 'br0', 'vx'],
    ...['--', 'set', 'Interface', 'vx', 'type=vxlan', `options:remote_ip=${peer}`, 'options:key=flow'],
    ...['bfd:enable=true', 'bfd:min_rx=300', 'bfd:min_tx=300'],
  )
  const bfdStatus = async (key: string) =>
    (await vsctl('--if-exists', 'get', 'Interface', 'vx', `bfd_status:${key}`)).replaceAll('"', '')
  await until(`BFD of ${name}`, async () => (await bfdStatus('state')) !== '')
  return {
    namespace,
    attachment,
    address: attachment.address,
    set: async (...assignments) => {
      await vsctl('set', 'Interface', 'vx', ...assignments)
    },
    bfdStatus,
  }
}
