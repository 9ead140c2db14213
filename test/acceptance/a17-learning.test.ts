import { assertPrompt } from '../e2e/stage.js'
import { watchColumn } from '../e2e/watch-column.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot, watchTunnel } from './spot.js'

const servers = [{ port: 'port1' }, { port: 'port2' }]

scenario('A17', 'the MACs of servers', { servers, macAgeing: 2 }, async (t, stage) => {
  const { controller, gateway, eventually } = stage
  const { vms } = await join(stage)
  const atFirst = await openSpot(stage.lab, stage.servers[0]!)
  const atSecond = await openSpot(stage.lab, stage.servers[1]!)
  const atVm = await openSpot(stage.lab, vms[0]!)
  const onTunnel = await watchTunnel(stage, stage.hypervisors[0]!)
  const localMacs = () => controller.ctl('list-local-macs', 'blue')

  await t.test('are in the database, behind the tunnel address, and none that came from a tunnel', async (t) => {
    await atFirst.send('here I am')
    const listed = await eventually('the MAC', async () => {
      const text = await localMacs()
      return text.includes(atFirst.host.mac) && text
    })
    t.match(listed, `${atFirst.host.mac} -> vxlan_over_ipv4/${gateway.tunnelIp}`)
    t.match(listed, `unknown-dst -> vxlan_over_ipv4/${gateway.tunnelIp}`)
    t.notMatch(listed, atVm.host.mac)
  })

  await t.test('are there within 100 ms of their first frame', async (t) => {
    const appearances = watchColumn(gateway.database, 'Ucast_Macs_Local', 'MAC')
    stage.lab.own(appearances.close)
    const delays: number[] = []
    for (let number = 1; number <= 8; number++) {
      const mac = `02:00:00:00:70:0${number}`
      const sentAt = performance.now()
      await atFirst.send('new', { from: mac })
      delays.push((await appearances.until(mac)) - sentAt)
    }
    assertPrompt(t, delays, 'after the frame was sent')
  })

  await t.test('are followed from port to port', async (t) => {
    const roaming = '02:00:00:00:0a:0a'
    await atFirst.send('first here', { from: roaming })
    await atSecond.until('first here')
    await atVm.send('to port1', { to: roaming })
    await atFirst.until('to port1')
    await atSecond.send('now there', { from: roaming })
    await atFirst.until('now there')
    await eventually('frames to it to follow', async () => {
      await atVm.send('to port2', { to: roaming })
      return atSecond.seen('to port2') > 0
    })
    await atVm.send('to port2 alone', { to: roaming })
    await atSecond.until('to port2 alone')
    t.equal(atFirst.seen('to port2 alone'), 0)
  })

  await t.test('are forgotten after the configured time of silence, while one that talks stays', async (t) => {
    const silent = '02:00:00:00:05:05'
    await atFirst.send('once', { from: silent })
    await eventually('the MAC to be learned', async () => (await localMacs()).includes(silent))
    const talking = setInterval(() => void atFirst.send('on'), 300)
    try {
      const silentMs = 2_000
      const from = performance.now()
      await eventually('the silent MAC to be withdrawn', async () => !(await localMacs()).includes(silent))
      const tookMs = performance.now() - from
      t.ok(tookMs < 5 * silentMs, `withdrawn ${Math.round(tookMs)} ms later`)
      t.match(await localMacs(), atFirst.host.mac)
    } finally {
      clearInterval(talking)
    }
    await atFirst.send('again', { from: silent, to: atVm.host.mac })
    await onTunnel.until('again')
    await eventually('the MAC to be learned again', async () => (await localMacs()).includes(silent))
  })
})
