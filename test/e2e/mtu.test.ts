import { openCapture } from '../lab/capture.js'
import { exchangeTcp } from '../lab/tcp.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

inEachMode('a routed underlay with an MTU of 9000', { mtu: 9000, routed: true }, async (t, scene) => {
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)

  for (const [from, to] of [
    [server, vm],
    [vm, server],
  ] as const) {
    await t.test(`carries jumbo frames from ${from === server ? 'server to VM' : 'VM to server'}`, async (t) => {
      const ping = await from.namespace.attempt([
        'ping',
        '-n',
        '-c',
        '2',
        '-i',
        '0.1',
        '-W',
        '2',
        '-M',
        'do',
        '-s',
        `${8950 - 28}`,
        to.address,
      ])
      t.equal(ping.status, 0, ping.stdout)
      const arrivals = await openCapture(to.namespace, 'eth0', {
        filter: `tcp and ether dst ${to.mac}`,
        snapLength: 64,
      })
      scene.lab.own(arrivals.close)
      await exchangeTcp(from.namespace, to.namespace, to.address, { amount: 16 * 1024 * 1024 })
      const longest = Math.max(...arrivals.frames.map((frame) => frame.length))
      t.ok(longest >= 8950 + 14, `frames of ${longest} bytes arrived`)
    })
  }
})
