import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

scenario('D3', "a controller that makes the locator of the box's own address first", {}, async (t, stage) => {
  const { controller, gateway } = stage
  const blue = await stage.network('blue', 5001)
  const vm = await blue.vm()
  const server = stage.servers[0]!
  // As controllers do that name every VTEP of a logical switch, this one too.
  await controller.flood('blue', gateway.tunnelIp)
  const locators = () =>
    controller.ctl('--bare', '--columns=_uuid', 'find', 'Physical_Locator', `dst_ip="${gateway.tunnelIp}"`)
  const made = await locators()
  await blue.bind('port1')

  await t.test('is served', async () => {
    await stage.reaches(server, vm.address)
    await stage.reaches(vm, server.address6)
  })

  await t.test('finds the locator shared, not made twice', async (t) => {
    await stage.eventually('the local rows', async () =>
      (await controller.ctl('list-local-macs', 'blue')).includes(server.mac),
    )
    t.match(made, /^[0-9a-f-]{36}$/)
    t.equal(await locators(), made)
  })

  await t.test('gets no copy of a broadcast back, though the box is a member of its own flood list', async (t) => {
    const atServer = await openSpot(stage.lab, server)
    const atVm = await openSpot(stage.lab, vm)
    await atServer.send('once')
    await atServer.send('behind it')
    await atVm.until('behind it')
    await atVm.send('answer', { to: server.mac })
    await atServer.until('answer')
    t.equal(atVm.seen('once'), 1)
    t.equal(atServer.seen('once'), 1, 'what it sent itself')
  })
})
