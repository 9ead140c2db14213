import type { Box } from './box.js'
import { playController } from './controller.js'
import type { Lab } from './lab.js'
import { type OpenVswitch, openVswitchSchema, readWholeFrames, startOpenVswitch } from './open-vswitch.js'
import { type OvsdbServer, startOvsdbServer } from './ovsdb-server.js'
import type { Underlay } from './underlay.js'
import { until } from './until.js'

export interface OvsVtepOptions {
  /** Physical_Switch, bridge and namespace role; default `gateway`. */
  readonly name?: string
  /** The devices must be there before `start`. */
  readonly ports: readonly string[]
  /** Leaves out what its guide asks of the operator before the daemon's first start: the Physical_Switch row; default false. */
  readonly undescribed?: boolean
  /** Schema of its hardware_vtep database; default: the one that it comes with. */
  readonly schema?: string
}

/** The VTEP emulator that comes with Open vSwitch: a script that turns hardware_vtep rows into bridges and flows. */
export interface OvsVtep extends Box {
  readonly server: OvsdbServer
  /** Its data plane, once started. */
  readonly vswitch: () => OpenVswitch
}

const script = '/usr/share/openvswitch/scripts/ovs-vtep'

/**
 * Makes the box as "How to Use the VTEP Emulator" of Open vSwitch says: one ovsdb-server with both databases, a bridge that holds the
 * access ports and has the name of the Physical_Switch, and that row with one tunnel address. The datapath is the one in user space.
 */
export async function makeOvsVtep(lab: Lab, underlay: Underlay, options: OvsVtepOptions): Promise<OvsVtep> {
  const { name = 'gateway', ports, undescribed = false } = options
  const namespace = await lab.namespace(name)
  const attachment = await underlay.attach(namespace)
  const server = await startOvsdbServer({
    namespace,
    beside: [openVswitchSchema],
    remotes: ['db:hardware_vtep,Global,managers'],
    ...(options.schema === undefined ? {} : { schema: options.schema }),
  })
  lab.own(server.close)
  const database = `unix:${server.socket}`
  const { directory } = server
  let running: OpenVswitch | undefined
  const vswitch = () => {
    if (running === undefined) throw new Error(`${name} was never started`)
    return running
  }
  const daemon = [script, `--pidfile=${directory}/ovs-vtep.pid`, `--log-file=${directory}/ovs-vtep.log`, name]

  const build = async () => {
    running = await startOpenVswitch(lab, namespace, attachment, { directory, database })
    await running.vsctl('add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=netdev')
    for (const port of ports) {
      await running.vsctl('add-port', name, port)
      await readWholeFrames(namespace, port)
    }
    if (undescribed) return
    await server.ctl('add-ps', name, '--', 'set', 'Physical_Switch', name, `tunnel_ips=${attachment.address}`)
  }
  return {
    namespace,
    name,
    attachment,
    tunnelIp: attachment.address,
    database,
    controller: playController(database, name),
    server,
    vswitch,
    start: async () => {
      if (running === undefined) await build()
      const process_ = vswitch().start(...daemon)
      await until('ovs-vtep to publish its ports', async () => {
        if (!process_.running()) throw new Error(`ovs-vtep ended: ${process_.output()}`)
        const published = await server.ctl('list-ports', name).catch(() => '')
        return published.split('\n').filter(Boolean).length === ports.length
      })
      return process_
    },
    attemptStart: () => namespace.attempt(daemon, { env: vswitch().env }),
  }
}
