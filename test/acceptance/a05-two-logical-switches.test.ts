import { ping } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const servers = [
  { port: 'port1', vlan: 10 },
  { port: 'port1', vlan: 20 },
  { port: 'port2', vlan: 10 },
]

scenario('A5', 'two logical switches on one port, and one VLAN on two ports', { servers }, async (t, stage) => {
  const [ten, twenty, tenElsewhere] = [stage.servers[0]!, stage.servers[1]!, stage.servers[2]!]
  const blue = await stage.network('blue', 5001)
  const red = await stage.network('red', 5002)
  await blue.bind('port1', 10)
  await red.bind('port1', 20)
  await red.bind('port2', 10)
  const [inBlue, inRed] = [await blue.vm(), await red.vm()]

  await t.test('each VLAN reaches the VM of its logical switch', async () => {
    for (const [server, vm] of [[ten, inBlue] as const, [twenty, inRed] as const, [tenElsewhere, inRed] as const]) {
      await stage.reaches(server, vm.address)
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
    }
  })

  await t.test('two VLANs of one logical switch on two ports are one network', async () => {
    await stage.reaches(twenty, tenElsewhere.address)
    await exchangeTcp(twenty.namespace, tenElsewhere.namespace, tenElsewhere.address)
  })

  await t.test('one VLAN number in two logical switches is two networks', async (t) => {
    t.notOk(await ping(ten, tenElsewhere.address))
    t.notOk(await ping(tenElsewhere, inBlue.address))
  })

  const [atBlue, atRed] = [await openSpot(stage.lab, inBlue), await openSpot(stage.lab, inRed)]
  const from = await openSpot(stage.lab, ten)
  const other = await openSpot(stage.lab, tenElsewhere)

  await t.test('one MAC in two logical switches is two servers', async (t) => {
    const twin = '02:00:00:00:0c:0c'
    await from.send('twin of blue', { from: twin, to: inBlue.mac })
    await atBlue.until('twin of blue')
    await other.send('twin of red', { from: twin, to: inRed.mac })
    await atRed.until('twin of red')
    await atBlue.send('to the blue one', { to: twin })
    await atRed.send('to the red one', { to: twin })
    await from.until('to the blue one')
    await other.until('to the red one')
    t.same([from.seen('to the red one'), other.seen('to the blue one')], [0, 0])
  })

  await t.test('a broadcast stays in its logical switch', async (t) => {
    await from.send('of blue')
    await atBlue.until('of blue')
    await other.send('of red')
    await atRed.until('of red')
    t.equal(atRed.seen('of blue'), 0)
    t.equal(atBlue.seen('of red'), 0)
  })
})
