import type { Uuid } from '../ovsdb/notation.js'
import { decodeBfdConfig, type BfdConfig } from '../schema/bfd-config.js'
import type { PhysicalLocatorRow, TunnelRow } from '../schema/rows.generated.js'
import { tunnelsByRemote } from '../schema/tunnel-rows.js'
import { UNSPECIFIED, type Refusal } from './refusal.js'

/** What a Tunnel row asks of BFD. */
export interface BfdSession {
  /** undefined: BFD is not enabled. */
  readonly config: BfdConfig | undefined
  readonly refusals: readonly Refusal[]
}

/** By the address of the remote VTEP. */
export type BfdSessions = ReadonlyMap<string, BfdSession>

/**
 * Makes the function that reads what this gateway's Tunnel rows ask of BFD. It answers the same object while they ask the same:
 * bfd_status, which is in the same rows and written by ourselves, is no news.
 */
export function createBfdReader(): (
  ids: readonly Uuid[],
  tunnels: ReadonlyMap<Uuid, TunnelRow>,
  locators: ReadonlyMap<Uuid, PhysicalLocatorRow>,
) => BfdSessions {
  let lastRows: ReadonlyMap<string, TunnelRow> = new Map()
  let lastSessions: BfdSessions = new Map()
  return (ids, tunnels, locators) => {
    const rows = tunnelsByRemote(ids, tunnels, locators)
    if (!askSame(lastRows, rows)) {
      lastSessions = new Map([...rows].map(([remote, row]) => [remote, readSession(remote, row)]))
    }
    lastRows = rows
    return lastSessions
  }
}

function readSession(remote: string, row: TunnelRow): BfdSession {
  const { config, reasons } = decodeBfdConfig(row)
  const refusals = reasons.map((reason): Refusal => {
    return { table: 'Tunnel', row: row._uuid, subject: `BFD with ${remote}`, reason, fault: UNSPECIFIED }
  })
  return { config, refusals }
}

function askSame(a: ReadonlyMap<string, TunnelRow>, b: ReadonlyMap<string, TunnelRow>): boolean {
  return a.size === b.size && [...b].every(([remote, row]) => asksSame(a.get(remote), row))
}

function asksSame(a: TunnelRow | undefined, b: TunnelRow): boolean {
  if (a === undefined || a === b) return a === b
  return (
    a._uuid === b._uuid &&
    sameMap(a.bfd_params, b.bfd_params) &&
    sameMap(a.bfd_config_local, b.bfd_config_local) &&
    sameMap(a.bfd_config_remote, b.bfd_config_remote)
  )
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a === b || (a.size === b.size && [...b].every(([key, value]) => a.get(key) === value))
}
