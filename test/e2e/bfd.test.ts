import { exchangeTcp } from '../lab/tcp.js'
import { fastBfd, tunnelEnd } from '../lab/tunnel-end.js'
import { until } from '../lab/until.js'
import { joinPeers } from './bfd-peer.js'
import { databaseUuids } from './database-uuids.js'
import { inEachMode, nth } from './stage.js'
import { watchColumn } from './watch-column.js'

const healthy = {
  enabled: 'true',
  state: 'up',
  forwarding: 'true',
  diagnostic: 'No Diagnostic',
  remote_state: 'up',
  remote_diagnostic: 'No Diagnostic',
}

inEachMode('BFD between two gateways', { hypervisors: 0 }, async (t, scene) => {
  const { gateway, controller } = scene
  const [peer] = await joinPeers(scene, ['peer'])
  if (peer === undefined) throw new Error('no peer')
  const here = await tunnelEnd(gateway, peer.gateway.tunnelIp)
  const there = await tunnelEnd(peer.gateway, gateway.tunnelIp)
  const uuids = await databaseUuids(gateway.database)
  const shownSession = async () => nth((await gateway.show()).tunnels, 0).bfd

  await t.test('is off until the controller asks for it; the row says where packets are expected', async (t) => {
    t.same(await here.column('bfd_config_local'), { bfd_dst_mac: '00:23:20:00:00:01', bfd_dst_ip: '169.254.1.0' })
    t.same(await here.column('bfd_status'), {})
    t.equal(await shownSession(), null)
  })

  await t.test('comes up, and both ends say so in every key', async (t) => {
    await here.set(...fastBfd)
    await there.set(...fastBfd)
    for (const end of [here, there]) {
      await end.untilStatus(healthy)
      t.same(await end.column('bfd_status'), healthy)
    }
    t.match(await shownSession(), { state: 'up', forwarding: true, diagnostic: 'No Diagnostic', info: null })
    t.match(await gateway.vtep('show', 'tunnels'), /BFD +FORWARDING\n.* up +yes/)
  })

  await t.test('does not flap when one daemon is killed and starts again', async (t) => {
    const watch = watchColumn(peer.gateway.database, 'Tunnel', 'bfd_status')
    scene.lab.own(watch.close)
    await watch.until('"up"')
    await scene.vtepd.stop('SIGKILL')
    const vtepd = await gateway.start()
    await here.untilStatus(healthy)
    // A change that must come by, so that a change before it would have, too.
    await here.set('bfd_params:cpath_down=true')
    await watch.until('Concatenated Path Down')
    t.equal(watch.lines().filter((line) => /"(down|init|admin_down)"/.test(line)).length, 0, 'the peer saw no change')
    const told = vtepd
      .output()
      .split('\n')
      .filter((line) => line.includes('"event":"bfd"'))
    t.same(
      told.filter((line) => !line.includes('"state":"up"')),
      [],
      'nor did the new daemon',
    )
    t.same(await databaseUuids(gateway.database), uuids)
    await watch.close()
  })

  await t.test('tells the peer that a path behind is down, and that it is back', async (t) => {
    await there.untilStatus({ state: 'up', forwarding: 'false', remote_diagnostic: 'Concatenated Path Down' })
    await here.untilStatus({ state: 'up', forwarding: 'true', diagnostic: 'Concatenated Path Down' })
    await here.set('bfd_params:cpath_down=false')
    await there.untilStatus(healthy)
    t.pass('forwarding again')
  })

  await t.test('goes on with the rest of its parameters when one of them makes no sense', async (t) => {
    const faults = () => controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status')
    await here.set('bfd_params:min_rx=never')
    await until('a fault', async () => (await faults()).includes('unspecified_fault'))
    t.match(await gateway.vtep('show', 'faults'), /bfd_params:min_rx "never"/)
    t.match(await here.column('bfd_status'), { enabled: 'true', state: 'up' })
    await here.set('bfd_params:min_rx=300')
    await until('no fault', async () => (await faults()) === '[]')
  })

  await t.test('goes down with the path, says why, and comes back; no row is recreated', async (t) => {
    await peer.gateway.attachment.pull()
    for (const end of [here, there]) {
      await end.untilStatus({ state: 'down', forwarding: 'false', diagnostic: 'Control Detection Time Expired' })
    }
    await peer.gateway.attachment.replug()
    for (const end of [here, there]) await end.untilStatus({ state: 'up', forwarding: 'true' })
    t.same(await databaseUuids(gateway.database), uuids)
    const [a, b] = [nth(scene.servers, 0), peer.server]
    await exchangeTcp(a.namespace, b.namespace, b.address)
  })

  await t.test('leaves no status where it is disabled, and the peer hears of it', async (t) => {
    await here.set('bfd_params:enable=false')
    await until('an empty bfd_status', async () => Object.keys(await here.column('bfd_status')).length === 0)
    await there.untilStatus({ state: 'down', forwarding: 'false', remote_state: 'admin_down' })
    t.equal(await shownSession(), null)
  })
})
