import { ping } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const silent = '02:00:00:00:0f:0f'

scenario('A6', 'a binding that moves to another logical switch', {}, async (t, stage) => {
  const { controller } = stage
  const server = stage.servers[0]!
  const blue = await stage.network('blue', 5001)
  const red = await stage.network('red', 5002)
  await blue.bind('port1')
  const [inBlue, inRed] = [await blue.vm(), await red.vm()]
  const localMacs = (name: string) => controller.ctl('list-local-macs', name)
  await stage.reaches(server, inBlue.address)
  const atServer = await openSpot(stage.lab, server)
  const atBlue = await openSpot(stage.lab, inBlue)
  await atServer.send('hello', { from: silent })
  await stage.eventually('both MACs in blue', async () => {
    const listed = await localMacs('blue')
    return listed.includes(server.mac) && listed.includes(silent)
  })
  await controller.rebind('port1', 0, 'red')

  await t.test('takes the server along', async (t) => {
    await stage.reaches(server, inRed.address)
    await exchangeTcp(server.namespace, inRed.namespace, inRed.address)
    t.notOk(await ping(server, inBlue.address))
    await stage.eventually('its MAC in red', async () => (await localMacs('red')).includes(server.mac))
  })

  await t.test('withdraws the MACs learned before, the silent ones too', async (t) => {
    await stage.eventually('blue to be empty', async () => !(await localMacs('blue')).includes(' 02:'))
    t.notMatch(await localMacs('red'), silent)
  })

  await t.test('lets nothing of the old logical switch through', async (t) => {
    await atBlue.send('late unicast', { to: silent })
    await atBlue.send('late broadcast')
    await (await openSpot(stage.lab, inRed)).send('fence')
    await atServer.until('fence')
    t.same([atServer.seen('late unicast'), atServer.seen('late broadcast')], [0, 0])
  })
})
