import type { Background } from './background.js'
import { run } from './command.js'
import type { Lab } from './lab.js'
import type { Namespace } from './namespace.js'
import type { Attachment } from './underlay.js'

export const openVswitchSchema = '/usr/share/openvswitch/vswitch.ovsschema'

/** Open vSwitch with its datapath in user space, whose tunnels leave by the namespace's place on the underlay. */
export interface OpenVswitch {
  /** Any ovs-vsctl command. */
  readonly vsctl: (...words: readonly string[]) => Promise<string>
  /** Any ovs-appctl command to ovs-vswitchd. */
  readonly appctl: (...words: readonly string[]) => Promise<string>
  /** Starts one more program of Open vSwitch or OVN in the same run directory; the lab ends it. */
  readonly start: (...argv: readonly string[]) => Background
  /** What such a program needs in its environment. */
  readonly env: Readonly<Record<string, string>>
}

export interface OpenVswitchOptions {
  /** Where sockets and logs are. */
  readonly directory: string
  /** The endpoint of a database server that serves Open_vSwitch. */
  readonly database: string
}

/**
 * Starts ovs-vswitchd in the namespace and moves its address on the underlay to the bridge `br-phy`: the datapath in user space finds
 * the next hop of a tunnel only on a bridge of its own.
 */
export async function startOpenVswitch(
  lab: Lab,
  namespace: Namespace,
  attachment: Attachment,
  { directory, database }: OpenVswitchOptions,
): Promise<OpenVswitch> {
  const env = {
    OVS_RUNDIR: directory,
    OVS_LOGDIR: directory,
    OVS_DBDIR: directory,
    OVS_SYSCONFDIR: directory,
    OVN_RUNDIR: directory,
  }
  const start = (...argv: readonly string[]) => {
    const program = namespace.start(argv, env)
    // A script of Open vSwitch waits for its commands, and these for a server that may be gone.
    const stop = (signal: NodeJS.Signals = 'SIGTERM', limitMs?: number) => {
      program.signalSession(signal)
      return program.stop(signal, limitMs)
    }
    lab.own(() => stop())
    return { ...program, stop }
  }
  const control = `${directory}/vswitchd.ctl`
  const vsctl = async (...words: readonly string[]) =>
    (await run(['ovs-vsctl', `--db=${database}`, '--timeout=20', ...words])).trimEnd()
  await vsctl('--no-wait', 'init')
  start('ovs-vswitchd', database, `--unixctl=${control}`, `--pidfile=${directory}/vswitchd.pid`)
  const { address, device } = attachment
  await vsctl(
    ...['add-br', 'br-phy', '--', 'set', 'Bridge', 'br-phy', 'datapath_type=netdev'],
    ...['--', 'add-port', 'br-phy', device],
  )
  await namespace.ip(`addr flush dev ${device}`, `addr add ${address}/24 dev br-phy`, 'link set br-phy up')
  await readWholeFrames(namespace, device)
  return { vsctl, appctl: (...words) => run(['ovs-appctl', '-t', control, ...words]), start, env }
}

/** The datapath reads a device by AF_PACKET, which hands it what GRO glued together: frames longer than the MTU. */
export async function readWholeFrames(namespace: Namespace, device: string): Promise<void> {
  await namespace.run(['ethtool', '-K', device, 'gro', 'off'])
}
