import t from 'tap'
import type { IpAddress } from '../../src/schema/ip-address.js'
import { locatorOf, ownVniOf, remoteOf } from '../../src/schema/locator.js'
import type { Vni } from '../../src/schema/vni.js'

t.test('a locator gives back its VTEP and the VNI of its own, and is the same value for the same two', (t) => {
  const ip = '192.0.2.1' as IpAddress
  for (const vni of [undefined, 1, 7001, 0xff_fffe] as (Vni | undefined)[]) {
    const locator = locatorOf(ip, vni)
    t.equal(remoteOf(locator), ip)
    t.equal(ownVniOf(locator), vni)
    t.equal(locatorOf(ip, vni), locator)
  }
  t.equal(locatorOf(ip, undefined), '192.0.2.1')
  t.equal(locatorOf(ip, 7001 as Vni), '192.0.2.1#7001')
  t.end()
})
