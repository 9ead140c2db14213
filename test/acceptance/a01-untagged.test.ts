import { forgetNeighbours, ping } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario } from './scenario.js'

scenario('A1', 'an untagged server and a VM', {}, async (t, stage) => {
  const { vms } = await join(stage)
  const [server, vm] = [stage.servers[0]!, vms[0]!]
  const ways = [[server, vm] as const, [vm, server] as const]

  await t.test('resolve each other by ARP and by IPv6 neighbour discovery', async () => {
    for (const [from, to] of ways)
      for (const address of [to.address, to.address6]) {
        await forgetNeighbours(from)
        await stage.reaches(from, address)
      }
  })

  await t.test('the first packet to a neighbour already resolved arrives', async (t) => {
    for (const [from, to] of ways) t.ok(await ping(from, to.address))
  })

  await t.test('exchange TCP over IPv4 and IPv6, whoever opens the connection', async () => {
    for (const [from, to] of ways)
      for (const address of [to.address, to.address6]) await exchangeTcp(from.namespace, to.namespace, address)
  })

  await t.test('exchange the longest packets that the underlay can carry', async (t) => {
    const headers = 20 + 8
    const longest = ['-M', 'do', '-s', `${stage.underlay.mtu - 50 - headers}`]
    for (const [from, to] of ways) {
      const { status } = await from.namespace.attempt(['ping', '-n', '-c', '3', '-i', '0.1', ...longest, to.address])
      t.equal(status, 0, `from ${from.namespace.name}`)
    }
  })
})
