import { openRawController } from '../bench/raw-controller.js'
import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { openInjector } from '../lab/injector.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }
const flappingMs = 4_000
const mac = '02:00:00:00:0f:0f'
const newcomer = '02:00:00:00:0e:0e'

// Statistics would be transactions, too.
inEachMode('a MAC that flaps between two ports', { ...places, config: 'stats-interval: 3600\n' }, async (t, scene) => {
  const { controller, gateway, lab } = scene
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const ports = await Promise.all(
    scene.servers.map(async ({ namespace }) => ({
      injector: await openInjector(namespace, 'eth0'),
      capture: await openCapture(namespace, 'eth0'),
    })),
  )
  const [first, second] = [nth(ports, 0), nth(ports, 1)]
  const fromVm = await openInjector(vm.namespace, 'eth0')
  const atVm = await openCapture(vm.namespace, 'eth0')
  for (const tool of [...ports.flatMap(({ injector, capture }) => [injector, capture]), fromVm, atVm])
    lab.own(tool.close)
  const from = (source: string, text: string) => marked(text, { destination: broadcast, source })
  const rowsOf = async (address: string) => {
    const found = (await transact(gateway.database, {
      op: 'select',
      table: 'Ucast_Macs_Local',
      where: [['MAC', '==', address]],
      columns: ['_uuid'],
    })) as { rows: { _uuid: [string, string] }[] }[]
    return nth(found, 0).rows.map(({ _uuid: [, uuid] }) => uuid)
  }
  const learned = (address: string) =>
    until(`${address} to be published`, async () => {
      const rows = await rowsOf(address)
      return rows.length > 0 && rows
    })
  const shownPlaces = async () => {
    const { localMacs } = await gateway.show()
    return localMacs.filter((local) => local.mac === mac).map(({ port }) => port)
  }

  await first.injector.send(from(mac, 'first'))
  const row = await learned(mac)
  t.equal(row.length, 1)
  const watcher = await openRawController(gateway.database)
  lab.own(async () => watcher.close())
  const counted = await watcher.watchEverything()
  const movesBefore = await gateway.counted('mac_moved')

  await t.test('is followed, hundreds of times a second, and the database hears nothing of it', async (t) => {
    const end = performance.now() + flappingMs
    let turns = 0
    for (; performance.now() < end; turns++) {
      await nth(ports, turns % 2).injector.send(from(mac, `turn ${turns}`))
    }
    const moves = (await gateway.counted('mac_moved')) - movesBefore
    t.comment(`${turns} frames, ${moves} moves in ${flappingMs} ms`)
    t.ok(moves > (flappingMs / 1000) * 200, `${moves} moves`)
    t.ok(moves <= turns)
    t.same(await rowsOf(mac), row, 'one row, and the same')
    // A change that the watcher must hear of, so that one before it would have been heard of, too.
    await first.injector.send(from(newcomer, 'newcomer'))
    await learned(newcomer)
    await until('the watcher to hear of it', () => Promise.resolve(counted().rows > 0))
    t.same(counted(), { updates: 1, rows: 1 }, 'the newcomer is all that changed')
  })

  for (const [there, elsewhere, port] of [
    [second, first, 'port2'],
    [first, second, 'port1'],
  ] as const) {
    await t.test(`is at ${port} when it was last seen there`, async (t) => {
      for (let turn = 0; turn < 500; turn++) {
        for (const { injector } of [elsewhere, there]) await injector.send(from(mac, `flap ${turn}`))
      }
      await there.injector.send(from(mac, `last at ${port}`))
      await atVm.until('the last', (frame) => carries(frame.bytes, `last at ${port}`))
      await fromVm.send(marked(`to ${port}`, { destination: mac, source: vm.mac }))
      await there.capture.until('a frame to the MAC', (frame) => carries(frame.bytes, `to ${port}`))
      await fromVm.send(marked(`behind ${port}`, { destination: broadcast, source: vm.mac }))
      await elsewhere.capture.until('the fence', (frame) => carries(frame.bytes, `behind ${port}`))
      t.same(
        elsewhere.capture.matching((frame) => carries(frame.bytes, `to ${port}`)),
        [],
      )
      t.same(await shownPlaces(), [port])
      t.same(await rowsOf(mac), row)
    })
  }

  await t.test('leaves the daemon in service and without a complaint', async (t) => {
    t.ok(scene.vtepd.running())
    t.match(await gateway.show(), { status: { state: 'in service' }, faults: { failed: [] } })
    t.notMatch(scene.vtepd.output(), /"event":"(datapath_failed|publish_refused|counters_not_read)"/)
    t.equal(await controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status'), '[]')
  })
})
