import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot, watchTunnel } from './spot.js'

const servers = [{ port: 'port1' }, { port: 'port2' }]

scenario('A16', "a server that sends with a VM's source MAC", { servers }, async (t, stage) => {
  const { vms } = await join(stage)
  const [thief, other, vm] = [stage.servers[0]!, stage.servers[1]!, vms[0]!]
  const localMacs = () => stage.controller.ctl('list-local-macs', 'blue')
  const atThief = await openSpot(stage.lab, thief)
  const atOther = await openSpot(stage.lab, other)
  await atThief.send('stolen', { from: vm.mac })
  await atThief.send('behind it', { from: '02:00:00:00:0e:0e' })
  await stage.eventually('a MAC sent after it to be learned', async () =>
    (await localMacs()).includes('02:00:00:00:0e:0e'),
  )

  await t.test('does not get what is for the VM', async (t) => {
    // Its hypervisor may believe the thief; what the box decides shows on the tunnel.
    const onTunnel = await watchTunnel(stage, stage.hypervisors[0]!)
    await atOther.send('secret', { to: vm.mac })
    await onTunnel.until('secret')
    t.equal(atThief.seen('secret'), 0)
    await exchangeTcp(other.namespace, vm.namespace, vm.address)
  })

  await t.test('does not make the MAC a local one', async (t) => {
    t.notMatch(await localMacs(), vm.mac)
    t.match(await stage.controller.ctl('list-remote-macs', 'blue'), vm.mac)
  })
})
