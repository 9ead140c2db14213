import type { IpAddress } from '../schema/ip-address.js'
import type { Forwarding } from './forwarding.js'

/** What is there already and decides where the database leaves a choice. */
export interface Present extends Pick<Forwarding, 'switches' | 'floods' | 'groups' | 'origins'> {
  /** Addresses of the box. */
  readonly addresses: ReadonlySet<string>
  /** Remote VTEPs that BFD found dead, or that ask for no traffic; those without BFD are not among them. */
  readonly unreachable: ReadonlySet<IpAddress>
  /** Remote VTEPs that BFD found alive and forwarding. */
  readonly healthy: ReadonlySet<IpAddress>
}
