import { startOvsNode } from '../lab/ovs-node.js'
import { fastBfd, type TunnelEnd, tunnelEnd } from '../lab/tunnel-end.js'
import { scenario } from './scenario.js'
import { openSpot, watchTunnel } from './spot.js'

scenario('A8', 'two service nodes under BFD', { hypervisors: 0 }, async (t, stage) => {
  const { controller, gateway, eventually } = stage
  const blue = await stage.network('blue', 5001)
  await blue.bind('port1')
  await controller.ctl('set-replication-mode', 'blue', 'service_node')
  const names = ['left', 'right']
  const peers = await Promise.all(
    names.map(async (name, index) => {
      const node = await startOvsNode(stage.lab, name, stage.underlay, gateway.tunnelIp)
      const arrivals = await watchTunnel(stage, node)
      return { ...node, name, arrivals, mac: `02:00:00:00:0c:0${index}` }
    }),
  )
  for (const { address, mac } of peers) {
    await controller.flood('blue', address)
    await controller.remoteMac('blue', mac, address)
  }
  const nodes: ((typeof peers)[number] & { readonly row: TunnelEnd })[] = []
  for (const peer of peers) nodes.push({ ...peer, row: await tunnelEnd(gateway, peer.address, gateway.patienceMs) })
  for (const { row } of nodes) await row.set(...fastBfd)
  for (const { row } of nodes) await row.untilStatus({ state: 'up', forwarding: 'true' })

  const atServer = await openSpot(stage.lab, stage.servers[0]!)
  let sent = 0
  /** The nodes that get a broadcast; a frame to a MAC behind each target goes the same way after it, so it shows when copies arrived. */
  const served = async (targets = nodes) => {
    const text = `broadcast ${++sent}`
    await atServer.send(text)
    for (const { mac, arrivals } of targets) {
      await atServer.send(`${text}, fence`, { to: mac })
      await arrivals.until(`${text}, fence`)
    }
    return nodes.filter(({ arrivals }) => arrivals.seen(text) > 0).map(({ name }) => name)
  }
  const chosenName = await eventually('one node alone to be served', async () => {
    const [name, ...more] = await served()
    return more.length === 0 && name
  })
  const chosen = nodes.find(({ name }) => name === chosenName)!
  const other = nodes.find((node) => node !== chosen)!

  await t.test('keep the one that serves while it lives, whatever becomes of the other', async (t) => {
    await other.attachment.pull()
    await other.row.untilStatus({ state: 'down' })
    t.same(await served([chosen]), [chosen.name])
    await other.attachment.replug()
    await other.row.untilStatus({ state: 'up', forwarding: 'true' })
    t.same(await served(), [chosen.name])
  })

  await t.test('hand over when the one that serves is out of reach, and stay so when it comes back', async (t) => {
    await chosen.attachment.pull()
    await chosen.row.untilStatus({ state: 'down' })
    await eventually(`${other.name} to serve`, async () => (await served([other])).includes(other.name))
    await chosen.attachment.replug()
    await chosen.row.untilStatus({ state: 'up', forwarding: 'true' })
    t.same(await served(), [other.name])
  })

  await t.test('hand over when the one that serves says that it has no path', async (t) => {
    const [serving] = await served()
    const spare = nodes.find(({ name }) => name !== serving)!
    await nodes.find(({ name }) => name === serving)!.set('bfd:cpath_down=true')
    await eventually(`${spare.name} to serve`, async () => (await served()).includes(spare.name))
    t.same(await served(), [spare.name])
  })
})
