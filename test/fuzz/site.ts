import type { Test } from 'tap'
import type { Replica } from '../../src/ovsdb/replica.js'
import type { Tables } from '../../src/schema/rows.generated.js'
import { makeBox } from '../daemon/box.js'
import type { Background } from '../lab/background.js'
import type { DatapathMode } from '../lab/gateway.js'
import { startOvsdbServer, type OvsdbServer } from '../lab/ovsdb-server.js'
import { until } from '../lab/until.js'
import { observe } from '../ovsdb/observed-client.js'
import type { RawOperation } from './controller-steps.js'
import { desiredTables } from './desired-tables.js'
import { readKernelTables } from './kernel-tables.js'

export type Signal = 'SIGTERM' | 'SIGKILL'

/** A gateway with two access ports and a database server, and whoever compares what the two of them hold. */
export interface Site {
  readonly server: OvsdbServer
  readonly daemon: () => Background
  /** What the database holds, as somebody else sees it. */
  readonly replica: () => Replica<Tables>
  readonly startDaemon: () => Promise<void>
  readonly stopDaemon: (signal: Signal) => Promise<void>
  readonly restartServer: (signal: Signal) => Promise<void>
  /** Runs a transaction and returns why the server refused it, if it did. */
  readonly transact: (operations: readonly RawOperation[]) => Promise<string | undefined>
  /** Waits until `replica` has all that was written before; the numbers differ. */
  readonly fence: (number: number) => Promise<void>
  /** Waits until the kernel's tables are what the database says, and returns that, as `readKernelTables` does. */
  readonly settle: () => Promise<readonly string[]>
}

interface SiteOptions {
  readonly mode: DatapathMode
  /** Makes what the daemon connects to; default: the server's socket. */
  readonly relay?: (server: OvsdbServer) => Promise<string>
}

const gateway = { switchName: 'gw', tunnelIp: '10.9.0.1', ports: ['port1', 'port2'] }

const settleMs = 30_000

export async function openSite(t: Test, { mode, relay }: SiteOptions): Promise<Site> {
  const server = await startOvsdbServer()
  t.teardown(server.close)
  const box = await makeBox(t)
  await box.namespace.ip('link add port2 type veth peer name server2', 'link set port2 up', 'link set server2 up')
  const socket = relay === undefined ? server.socket : await relay(server)
  const startDaemon = () => box.start('--port', 'port2', '--ovsdb', `unix:${socket}`, '--datapath-mode', mode)
  const observed = observe(t, `unix:${server.socket}`)
  let daemon = await startDaemon()
  await observed.synced()
  const replica = () => {
    const latest = observed.changes.at(-1)
    if (latest === undefined) throw new Error('the database is not there yet')
    return latest
  }

  const fence = async (number: number) => {
    const where: unknown[] = []
    const mutations = [['other_config', 'delete', ['set', ['step']]]]
    const insertions = [['other_config', 'insert', ['map', [['step', `${number}`]]]]]
    await server.transact(
      { op: 'mutate', table: 'Global', where, mutations },
      { op: 'mutate', table: 'Global', where, mutations: insertions },
    )
    await until(`step ${number} to be in the replica`, () => {
      const rows = [...replica().table('Global').values()]
      return Promise.resolve(rows.some(({ other_config }) => other_config.get('step') === `${number}`))
    })
  }

  const settle = async () => {
    let [missing, surplus]: string[][] = [[], []]
    let facts: readonly string[] = []
    const isEqual = async () => {
      if (!daemon.running()) throw new Error(`vtepd ended: ${daemon.output().slice(-2000)}`)
      // The tables are read one after the other, and a program that is replaced takes one along: amid changes they may not fit.
      try {
        surplus = await readKernelTables(box.namespace, gateway.ports)
        const [kernel, desired] = [surplus, desiredTables(gateway, replica(), surplus)]
        missing = desired.filter((line) => !kernel.includes(line))
        surplus = kernel.filter((line) => !desired.includes(line))
        facts = desired
        return missing.length + surplus.length === 0
      } catch (error) {
        missing = [String(error)]
        return false
      }
    }
    await until('the kernel to be as desired', isEqual, settleMs).catch((error: unknown) => {
      const list = (lines: string[] | undefined) => (lines ?? []).map((line) => `\n    ${line}`).join('')
      throw new Error(`${String(error)}\n  missing:${list(missing)}\n  surplus:${list(surplus)}`)
    })
    return facts
  }

  return {
    server,
    daemon: () => daemon,
    replica,
    startDaemon: async () => {
      daemon = await startDaemon()
    },
    stopDaemon: async (signal) => {
      const { code } = await daemon.stop(signal)
      if (signal === 'SIGTERM' && code !== 0) throw new Error(`vtepd ended by ${code}: ${daemon.output().slice(-2000)}`)
    },
    restartServer: async (signal) => {
      await (signal === 'SIGTERM' ? server.stop() : server.kill())
      await server.start()
    },
    transact: async (operations) => {
      const results = (await server.transact(...operations)) as (null | { error?: string; details?: string })[]
      const refused = results.find((result) => result?.error !== undefined)
      return refused ? `${refused.error}: ${refused.details}` : undefined
    },
    fence,
    settle,
  }
}
