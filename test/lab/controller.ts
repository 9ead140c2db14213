import { run } from './command.js'

/** The controller's side of one hardware_vtep database, played by vtep-ctl: every call is one transaction. */
export interface Controller {
  /** Any vtep-ctl command; returns what it printed, without the last line end. */
  readonly ctl: (...args: readonly string[]) => Promise<string>
  readonly addSwitch: (name: string, vni: number) => Promise<void>
  readonly bind: (port: string, vlan: number, logicalSwitch: string) => Promise<void>
  /** Moves a binding to another logical switch in one transaction. */
  readonly rebind: (port: string, vlan: number, logicalSwitch: string) => Promise<void>
  readonly unbind: (port: string, vlan: number) => Promise<void>
  readonly remoteMac: (logicalSwitch: string, mac: string, vtep: string) => Promise<void>
  /** Adds members to the `unknown-dst` row of a logical switch. */
  readonly flood: (logicalSwitch: string, ...vteps: readonly string[]) => Promise<void>
}

/** Plays the controller over an OVSDB endpoint such as `unix:PATH`, for one Physical_Switch. */
export function playController(endpoint: string, physicalSwitch: string): Controller {
  const ctl = async (...args: readonly string[]) =>
    (await run(['vtep-ctl', '--timeout=10', `--db=${endpoint}`, ...args])).trimEnd()
  return {
    ctl,
    addSwitch: async (name, vni) => {
      await ctl(
        'add-ls',
        name,
        '--',
        'set',
        'Logical_Switch',
        name,
        `tunnel_key=${vni}`,
        '--',
        'set-replication-mode',
        name,
        'source_node',
      )
    },
    bind: async (port, vlan, logicalSwitch) => {
      await ctl('bind-ls', physicalSwitch, port, `${vlan}`, logicalSwitch)
    },
    rebind: async (port, vlan, logicalSwitch) => {
      const place = [physicalSwitch, port, `${vlan}`]
      await ctl('unbind-ls', ...place, '--', 'bind-ls', ...place, logicalSwitch)
    },
    unbind: async (port, vlan) => {
      await ctl('unbind-ls', physicalSwitch, port, `${vlan}`)
    },
    remoteMac: async (logicalSwitch, mac, vtep) => {
      await ctl('add-ucast-remote', logicalSwitch, mac, vtep)
    },
    flood: async (logicalSwitch, ...vteps) => {
      for (const vtep of vteps) await ctl('add-mcast-remote', logicalSwitch, 'unknown-dst', vtep)
    },
  }
}
