import { aclKey, bindingKey, type AclKey, type Forwarding } from '../../src/desired/forwarding.js'
import type { Uuid } from '../../src/ovsdb/notation.js'
import { appliedFromSnapshot } from '../../src/reconcile/applied.js'
import { locatorOf, ownVniOf, remoteOf, type Locator } from '../../src/schema/locator.js'
import type { VlanId } from '../../src/schema/vlan-id.js'
import type { Vni } from '../../src/schema/vni.js'
import type { TableModel } from './table-model.js'

/**
 * What is wrong with a state between two others: a binding that is judged by an ACL weaker than the one meant for it, or a frame
 * to a remote MAC that would be lost, or whose answer would be, although both ends of the way carry it.
 */
export function wrongOnTheWay(model: TableModel, before: Forwarding, after: Forwarding): string[] {
  const now = appliedFromSnapshot(model.snapshot())
  return [...leaks(now, before, after), ...losses(model, now, before, after)]
}

function leaks(now: Forwarding, before: Forwarding, after: Forwarding): string[] {
  return [...now.bindings].flatMap(([key, { netdev, vlan, switchId }]) => {
    const isOld = before.bindings.get(key)?.switchId === switchId
    const isNew = after.bindings.get(key)?.switchId === switchId
    const places = [0 as VlanId, vlan].flatMap((at) =>
      (['ingress', 'egress'] as const).map((direction) => aclKey(netdev, at, direction)),
    )
    const isMeant = (place: AclKey, by: Forwarding): boolean =>
      JSON.stringify(now.acls.get(place)?.rules) === JSON.stringify(by.acls.get(place)?.rules)
    const isGuarded = (place: AclKey): boolean =>
      (isOld && (isMeant(place, before) || (!isNew && !before.acls.has(place)))) ||
      (isNew && (isMeant(place, after) || (!isOld && !after.acls.has(place))))
    return places
      .filter((place) => !isGuarded(place))
      .map((place) => `${bindingKey(netdev, vlan)}: not the ACL of ${place}`)
  })
}

function losses(model: TableModel, now: Forwarding, before: Forwarding, after: Forwarding): string[] {
  const ends = [before, after]
  return [...now.switches].flatMap(([id, vni]) =>
    [...(now.remoteMacs.get(id) ?? [])].flatMap(([mac, locator]) => {
      const sent = ownVniOf(locator) ?? vni
      const ways = ends.map((end) => end.remoteMacs.get(id)?.get(mac))
      // Where an end has no key for it there is nothing to keep.
      if (ways.some((way, index) => way === undefined || typeof keyOf(ends[index]!, id, way) !== 'number')) return []
      if (sent === null) return [`${mac} of ${id} has no key`]
      const owners = ends.map((end) => ownerOf(end, locator, sent))
      const users = owners.filter((_, index) => ways[index] === locator && keyOf(ends[index]!, id, locator) === sent)
      // Nor where an end gives the key to another logical switch, or refuses the answers itself.
      if (owners.some((owner) => owner !== undefined && owner !== id) || users.some((owner) => owner !== id)) return []
      return model.switchOf(remoteOf(locator), sent) === id ? [] : [`answers of ${mac} in ${sent} are refused`]
    }),
  )
}

function keyOf(end: Forwarding, id: Uuid, locator: Locator): Vni | null | undefined {
  return ownVniOf(locator) ?? end.switches.get(id)
}

function ownerOf(end: Forwarding, locator: Locator, key: Vni): Uuid | undefined {
  return end.origins.get(locatorOf(remoteOf(locator), key)) ?? [...end.switches].find(([, vni]) => vni === key)?.[0]
}
