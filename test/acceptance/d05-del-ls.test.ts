import { until } from '../lab/until.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

scenario('D5', 'a logical switch whose last binding goes', { hypervisors: 0 }, async (t, stage) => {
  const { controller, eventually } = stage
  const atServer = await openSpot(stage.lab, stage.servers[0]!)
  const localMacs = () => controller.ctl('list-local-macs', 'blue')

  await t.test('can be deleted within a second: nothing of the box refers to it any longer', async (t) => {
    const tookMs: number[] = []
    for (let round = 1; round <= 4; round++) {
      await controller.addSwitch('blue', 5001)
      await controller.bind('port1', 0, 'blue')
      await eventually('the server to be learned', async () => {
        await atServer.send('here')
        return (await localMacs()).includes(atServer.host.mac)
      })
      const unboundAt = performance.now()
      await controller.unbind('port1', 0)
      await until(
        'del-ls',
        () =>
          controller.ctl('del-ls', 'blue').then(
            () => true,
            () => false,
          ),
        60_000,
      )
      tookMs.push(performance.now() - unboundAt)
    }
    const fastest = Math.min(...tookMs)
    t.comment(`${tookMs.map(Math.round).join(', ')} ms`)
    t.ok(fastest < 1000, `the fastest of ${tookMs.length} took ${Math.round(fastest)} ms`)
  })
})
