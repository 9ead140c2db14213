import { join } from './join.js'
import { scenario } from './scenario.js'

const servers = [{ port: 'port1' }, { port: 'port2' }]

scenario('D1', 'a database in which nobody wrote anything', { servers, undescribed: true }, async (t, stage) => {
  const { controller, gateway } = stage

  await t.test('gets the Physical_Switch with its tunnel address, and its ports', async (t) => {
    t.equal(await controller.ctl('list-ps'), gateway.name)
    t.equal(await controller.ctl('get', 'Physical_Switch', gateway.name, 'tunnel_ips'), `["${gateway.tunnelIp}"]`)
    t.same((await controller.ctl('list-ports', gateway.name)).split('\n').sort(), ['port1', 'port2'])
    t.equal((await controller.ctl('--bare', '--columns=_uuid', 'list', 'Global')).split('\n').length, 1)
  })

  await t.test('is enough for a controller to join servers and VMs', async () => {
    await join(stage)
  })
})
