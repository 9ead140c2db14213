import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { openInjector } from '../lab/injector.js'
import { arrivals, numbered, startStream, untilCarried } from '../lab/numbered-stream.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { hypervisors: 2, servers: [{ port: 'port1' }, { port: 'port2' }] }
const group = '01:00:5e:01:02:03'
const otherGroup = '01:00:5e:01:02:04'

inEachMode('a multicast MAC with a row of its own', places, async (t, scene) => {
  const { controller, gateway } = scene
  const [server, neighbour] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const [near, far] = [nth(scene.hypervisors, 0), nth(scene.hypervisors, 1)]
  const { vms } = await joinBlue(scene)
  const fromServer = await openInjector(server.namespace, 'eth0')
  const atServer = await openCapture(server.namespace, 'eth0')
  const atNeighbour = await openCapture(neighbour.namespace, 'eth0')
  const byGateway = `udp dst port 4789 and src host ${gateway.tunnelIp}`
  const atNear = await openCapture(near.namespace, 'under', { filter: byGateway })
  const atFar = await openCapture(far.namespace, 'under', { filter: byGateway })
  for (const tool of [fromServer, atServer, atNeighbour, atNear, atFar]) scene.lab.own(tool.close)

  const has = (name: string) => (frame: Frame) => carries(frame.bytes, name)
  const send = (text: string, destination: string) => fromServer.send(marked(text, { destination, source: server.mac }))
  /** Unicast to each VM, and to the neighbour, takes the same way and order as the copies. */
  const fence = async (text: string) => {
    for (const [host, capture] of [
      [nth(vms, 0), atNear],
      [nth(vms, 1), atFar],
      [neighbour, atNeighbour],
    ] as const) {
      await send(`${text} fence`, host.mac)
      await untilCarried(capture, `${text} fence`)
    }
  }
  const copiesOf = async (text: string, destination: string) => {
    await send(text, destination)
    await fence(text)
    const count = (capture: typeof atNear) => capture.matching(has(text)).length
    return { near: count(atNear), far: count(atFar), neighbour: count(atNeighbour) }
  }
  const listOf = async (mac: string) => (await gateway.show()).groups.find(({ group }) => group === mac)?.goesTo
  const untilList = (mac: string, ...goesTo: string[]) =>
    until(
      `${mac} to go to ${goesTo.join(', ')}`,
      async () => JSON.stringify(await listOf(mac)) === JSON.stringify(goesTo),
    )
  const faults = () => controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')

  // The neighbour's MAC has to be known for unicast to it to be a fence.
  const fromNeighbour = await openInjector(neighbour.namespace, 'eth0')
  scene.lab.own(fromNeighbour.close)
  await fromNeighbour.send(marked('here', { destination: server.mac, source: neighbour.mac }))
  await untilCarried(atServer, 'here')

  await t.test('goes to its locators and to all local bindings but the source, and nowhere else', async (t) => {
    await controller.ctl('add-mcast-remote', 'blue', group, far.address)
    await untilList(group, far.address)
    t.same(await copiesOf('group', group), { near: 0, far: 1, neighbour: 1 })
    t.equal(atServer.matching(has('group')).length, 1, 'as it left, and no copy comes back')
    t.same(await copiesOf('other group', otherGroup), { near: 1, far: 1, neighbour: 1 })
    t.same(await copiesOf('broadcast', broadcast), { near: 1, far: 1, neighbour: 1 })
    t.match(await gateway.vtep('show', 'groups'), new RegExp(`blue +${group} +${far.address}`))
  })

  await t.test('has broadcast as one of the groups', async (t) => {
    await controller.ctl('add-mcast-remote', 'blue', broadcast, near.address)
    await untilList(broadcast, near.address)
    t.same(await copiesOf('narrow broadcast', broadcast), { near: 1, far: 0, neighbour: 1 })
    await controller.ctl('del-mcast-remote', 'blue', broadcast, near.address)
    await until('broadcast to follow unknown-dst', async () => (await listOf(broadcast)) === undefined)
    t.same(await copiesOf('wide broadcast', broadcast), { near: 1, far: 1, neighbour: 1 })
  })

  await t.test('stays local where this gateway is its only locator', async (t) => {
    await controller.ctl('add-mcast-remote', 'blue', otherGroup, gateway.tunnelIp)
    await untilList(otherGroup)
    t.same(await copiesOf('local group', otherGroup), { near: 0, far: 0, neighbour: 1 })
    t.equal(await faults(), '[]')
    await controller.ctl('del-mcast-remote', 'blue', otherGroup, gateway.tunnelIp)
  })

  await t.test('goes to one of its locators in service_node mode', async (t) => {
    await controller.ctl('add-mcast-remote', 'blue', group, near.address)
    await controller.ctl('set-replication-mode', 'blue', 'service_node')
    await until('one member', async () => (await listOf(group))?.length === 1)
    const { near: atOne, far: atOther, neighbour: local } = await copiesOf('service', group)
    t.equal(atOne + atOther, 1)
    t.equal(local, 1)
    await controller.ctl('set-replication-mode', 'blue', 'source_node')
    await untilList(group, ...[near.address, far.address].sort())
  })

  for (const [destination, row] of [
    [group, group],
    [broadcast, 'unknown-dst'],
  ] as const) {
    await t.test(
      `${row}: a member of both sets loses no frame and sees none twice when the set is replaced`,
      async (t) => {
        const stream = startStream(`replaced ${row}`, (text) => send(text, destination))
        for (let turn = 0; turn < 10; turn++) {
          await controller.ctl('del-mcast-remote', 'blue', row, near.address)
          await stream.more(20)
          await controller.ctl('add-mcast-remote', 'blue', row, near.address)
          await stream.more(20)
        }
        const count = await stream.stop()
        await fence(`replaced ${row} end`)
        const any = () => true
        const name = `replaced ${row}`
        t.ok(atFar.matching(has(numbered(name, count - 1))).length > 0)
        t.same(new Set(arrivals(atFar, name, count, any)), new Set([1]), `${count} frames at the member of both`)
        t.same(new Set(arrivals(atNeighbour, name, count, any)), new Set([1]), 'and at the local binding')
        t.ok(arrivals(atNear, name, count, any).includes(0), 'the other member was out of the set for a while')
      },
    )
  }

  await t.test('is a fault where the MAC is none of a group, or another row says otherwise', async (t) => {
    await controller.ctl('add-mcast-remote', 'blue', '02:00:00:00:00:77', far.address)
    await until('a fault', async () => (await faults()) !== '[]')
    t.same(await copiesOf('beside garbage', group), { near: 1, far: 1, neighbour: 1 })
    await controller.ctl('del-mcast-remote', 'blue', '02:00:00:00:00:77', far.address)
    await until('no fault', async () => (await faults()) === '[]')
  })

  await t.test('goes where unknown-dst says once the row is gone', async (t) => {
    for (const { address } of [near, far]) await controller.ctl('del-mcast-remote', 'blue', group, address)
    await until('no list', async () => (await listOf(group)) === undefined)
    t.same(await copiesOf('no group', group), { near: 1, far: 1, neighbour: 1 })
  })
})
