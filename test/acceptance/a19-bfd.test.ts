import { startOvsNode } from '../lab/ovs-node.js'
import { fastBfd, tunnelEnd } from '../lab/tunnel-end.js'
import { scenario } from './scenario.js'

const up = {
  enabled: 'true',
  state: 'up',
  forwarding: 'true',
  diagnostic: 'No Diagnostic',
  remote_state: 'up',
  remote_diagnostic: 'No Diagnostic',
}

scenario('A19', 'BFD with Open vSwitch', { hypervisors: 0 }, async (t, stage) => {
  const { controller, gateway, eventually } = stage
  const blue = await stage.network('blue', 5001)
  await blue.bind('port1')
  const peer = await startOvsNode(stage.lab, 'peer', stage.underlay, gateway.tunnelIp)
  await controller.flood('blue', peer.address)
  const tunnel = await tunnelEnd(gateway, peer.address, gateway.patienceMs)
  const peerSays = (key: string, value: string) =>
    eventually(`the peer's ${key} to be ${value}`, async () => (await peer.bfdStatus(key)) === value)

  await t.test('is off, and leaves no status, until the controller asks for it', async (t) => {
    await eventually(
      'what it expects to be published',
      async () => (await tunnel.column('bfd_config_local')).bfd_dst_ip,
    )
    t.same(await tunnel.column('bfd_config_local'), { bfd_dst_mac: '00:23:20:00:00:01', bfd_dst_ip: '169.254.1.0' })
    t.same(await tunnel.column('bfd_status'), {})
    t.equal(await peer.bfdStatus('state'), 'down')
  })

  await t.test('comes up on both ends, and bfd_status says so in every key', async (t) => {
    await tunnel.set(...fastBfd)
    await tunnel.untilStatus(up)
    await peerSays('state', 'up')
    t.equal(await peer.bfdStatus('forwarding'), 'true')
  })

  await t.test('cpath_down is told to the peer, and taken back', async () => {
    await tunnel.set('bfd_params:cpath_down=true')
    await peerSays('remote_diagnostic', 'Concatenated Path Down')
    await tunnel.set('bfd_params:cpath_down=false')
    await peerSays('remote_diagnostic', 'No Diagnostic')
  })

  await t.test("the peer's cpath_down ends forwarding, not the session", async () => {
    await peer.set('bfd:cpath_down=true')
    await tunnel.untilStatus({ state: 'up', forwarding: 'false', remote_diagnostic: 'Concatenated Path Down' })
    await peer.set('bfd:cpath_down=false')
    await tunnel.untilStatus(up)
  })

  await t.test('goes down with the path, says why, and comes back', async () => {
    await peer.attachment.pull()
    await tunnel.untilStatus({ state: 'down', forwarding: 'false', diagnostic: 'Control Detection Time Expired' })
    await peer.attachment.replug()
    await tunnel.untilStatus({ state: 'up', forwarding: 'true' })
    await peerSays('state', 'up')
  })

  await t.test('leaves no status where it is disabled, and tells the peer', async () => {
    await tunnel.set('bfd_params:enable=false')
    await peerSays('state', 'down')
    await eventually('an empty bfd_status', async () => Object.keys(await tunnel.column('bfd_status')).length === 0)
  })
})
