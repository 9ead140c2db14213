import type { Config } from '../config/config.js'
import type { Datapath, Snapshot } from '../datapath/datapath.js'
import type { Desired } from '../desired/desired.js'
import type { Forwarding } from '../desired/forwarding.js'
import type { Fault } from '../desired/refusal.js'
import type { ConnectionState } from '../ovsdb/client.js'
import type { Endpoint } from '../ovsdb/endpoint.js'
import type { Replica } from '../ovsdb/replica.js'
import type { Tables } from '../schema/rows.generated.js'

/** All that a show command looks at. */
export interface View {
  readonly config: Config
  readonly version: string
  readonly startedMs: number
  /** The database said all that this gateway has to say, once at least. */
  readonly isInService: boolean
  /** Where the database is served, also the own server's. */
  readonly database: Endpoint
  readonly connection: ConnectionState
  /** Why the last transaction was refused, while none has succeeded since. */
  readonly publishError: string | undefined
  readonly replica: Replica<Tables>
  /** undefined: no pass yet. */
  readonly desired: Desired | undefined
  /** What the kernel has; undefined: not opened yet. */
  readonly applied: Forwarding | undefined
  /** What the kernel did not take. */
  readonly impairments: readonly { readonly subject: string; readonly reason: string; readonly fault: Fault }[]
  /** How often something of ours had been taken out of the kernel and was put back, since the daemon started. */
  readonly repairs: number
  /** undefined: not opened yet. */
  readonly datapath: Datapath | undefined
  /** The kernel's tables, read once for all sections. */
  readonly snapshot: () => Snapshot | undefined
}
