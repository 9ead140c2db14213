import type { IpAddress } from './ip-address.js'
import type { Vni } from './vni.js'

/**
 * A tunnel end point as Physical_Locator names it: the remote VTEP, and the VNI of frames to and from it where the row has a
 * tunnel_key of its own (vtep.xml, "per logical switch+locator"). One text for one end point, so that two are compared as cheaply
 * as two addresses: `192.0.2.1`, or `192.0.2.1#7001`.
 */
export type Locator = string & { readonly __brand: 'Locator' }

/** @param ownVni undefined: frames have the VNI of their logical switch. */
export function locatorOf(remoteIp: IpAddress, ownVni: Vni | undefined): Locator {
  return (ownVni === undefined ? remoteIp : `${remoteIp}#${ownVni}`) as Locator
}

/** The remote VTEP. */
export function remoteOf(locator: Locator): IpAddress {
  const end = locator.indexOf('#')
  return (end === -1 ? locator : locator.slice(0, end)) as IpAddress
}

/** The VNI that the end point has itself. */
export function ownVniOf(locator: Locator): Vni | undefined {
  const end = locator.indexOf('#')
  return end === -1 ? undefined : (Number(locator.slice(end + 1)) as Vni)
}
