import type { Box } from '../lab/box.js'
import { awaitMode } from '../lab/carriers.js'
import { makeGateway } from '../lab/gateway.js'
import type { Lab } from '../lab/lab.js'
import type { Namespace } from '../lab/namespace.js'
import { startOvsdbServer, type OvsdbServer } from '../lab/ovsdb-server.js'
import { openProbedSocket, type ProbedSocket } from '../lab/probed-socket.js'
import { makeOvsVtep } from '../lab/ovs-vtep.js'
import type { BoxKind } from '../lab/scene.js'
import type { Underlay } from '../lab/underlay.js'

/** This gateway in one of its modes, or the emulator of Open vSwitch. */
export type SubjectName = 'tc' | 'xdp' | 'ovs-vtep'

/** What an operator decides before the box starts. */
export interface SubjectOptions {
  /** Seconds until a silent local MAC is forgotten; default: what the box does by itself. */
  readonly macAgeing?: number
  /** The tunnel address is what Physical_Switch.tunnel_ips says; default: also the box's configuration says it, where it has one. */
  readonly tunnelIpFromDatabase?: boolean
  /** The database is empty; default: the operator has written what the box's guide asks for. */
  readonly undescribed?: boolean
  /** The server probes the box's connection after this time of silence, in milliseconds; default: it does not. */
  readonly probeMs?: number
  /** Schema of the database; default: the one that Debian's openvswitch-vtep installs. */
  readonly schema?: string
}

/** The box under test. Beside wires and database a scenario sees one thing of it: how many frames it says it dropped. */
export interface Subject extends Box {
  readonly subject: SubjectName
  /** The database server, which the lab runs. */
  readonly server: OvsdbServer
  /** Where the server probes its connection, if `probeMs` is given and it keeps one. */
  readonly probed?: ProbedSocket
  /** How long it may take until what the database says is done, and what happened is in the database. */
  readonly patienceMs: number
  /** Waits until what the controller wrote so far is in force in full. */
  readonly settle: () => Promise<void>
  /** Frames counted as dropped, wherever an operator can see it: for that reason alone, or for any where the subject tells none. */
  readonly drops: (reason: string) => Promise<number>
}

/** How a subject gets its place in a scene. */
export function subjectKind(subject: SubjectName, options: SubjectOptions): BoxKind<Subject> {
  const make = (lab: Lab, underlay: Underlay, ports: readonly string[]) =>
    subject === 'ovs-vtep' ? emulator(lab, underlay, ports, options) : own(lab, underlay, ports, subject, options)
  // A datapath that reads raw frames gets what the ends leave to the hardware undone: for the emulator, cables are physical.
  return { physical: subject !== 'tc', make, settle: (box) => box.settle() }
}

async function own(
  lab: Lab,
  underlay: Underlay,
  ports: readonly string[],
  mode: 'tc' | 'xdp',
  options: SubjectOptions,
): Promise<Subject> {
  const { macAgeing, tunnelIpFromDatabase = false, schema, probeMs } = options
  let server: OvsdbServer | undefined
  let probed: ProbedSocket | undefined
  const serve = async (namespace: Namespace) => {
    server = await startOvsdbServer({
      namespace,
      remotes: ['db:hardware_vtep,Global,managers'],
      ...(schema === undefined ? {} : { schema }),
    })
    lab.own(server.close)
    if (probeMs === undefined) return `unix:${server.socket}`
    probed = await openProbedSocket(server, probeMs)
    lab.own(probed.close)
    return probed.endpoint
  }
  const gateway = await makeGateway(lab, underlay, {
    mode,
    ports,
    ovsdb: serve,
    tunnelIpFromDatabase,
    ...(macAgeing === undefined ? {} : { config: `mac-ageing: ${macAgeing}\n` }),
  })
  if (server === undefined) throw new Error('the gateway asked for no database server')
  if (tunnelIpFromDatabase)
    await server.ctl(
      'add-ps',
      gateway.name,
      '--',
      'set',
      'Physical_Switch',
      gateway.name,
      `tunnel_ips=${gateway.tunnelIp}`,
    )
  return {
    ...gateway,
    subject: mode,
    server,
    ...(probed === undefined ? {} : { probed }),
    patienceMs: 10_000,
    settle: () => awaitMode(gateway, mode),
    drops: gateway.dropped,
  }
}

async function emulator(
  lab: Lab,
  underlay: Underlay,
  ports: readonly string[],
  options: SubjectOptions,
): Promise<Subject> {
  const { undescribed = false, schema } = options
  const box = await makeOvsVtep(lab, underlay, { ports, undescribed, ...(schema === undefined ? {} : { schema }) })
  return {
    ...box,
    subject: 'ovs-vtep',
    // It looks at the database once a second, takes a pass of seconds to do what it found, and keeps a silent MAC for 15 s.
    patienceMs: 25_000,
    settle: () => Promise.resolve(),
    drops: async () => {
      const { vsctl, appctl } = box.vswitch()
      const ports = await vsctl('--bare', '--columns=statistics', 'list', 'Interface')
      const ofPorts = [...ports.matchAll(/(?:dropped|errors)=(\d+)/g)].map(([, count]) => Number(count))
      const ofPaths = [...(await appctl('coverage/show')).matchAll(/^\w*drop\w* .* total: (\d+)$/gm)]
      return [...ofPorts, ...ofPaths.map(([, count]) => Number(count))].reduce((sum, count) => sum + count, 0)
    },
  }
}
