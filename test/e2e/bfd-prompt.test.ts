import { openFlappingSession, status } from './bfd-flaps.js'
import { assertPrompt, inEachMode } from './stage.js'

const flaps = 15
/** Three intervals of the far end. */
const detectionMs = 900

// What is published with the statistics would be an hour late.
inEachMode('a change of a BFD session', { config: 'stats-interval: 3600\n' }, async (t, scene) => {
  const { speaker, end, watch, flap } = await openFlappingSession(scene)

  await t.test('is in the database as soon as the packet that makes it', async (t) => {
    const delays = await flap(flaps)
    t.equal(delays.length, 2 * flaps)
    assertPrompt(t, delays, 'from the packet to the update of bfd_status at a monitor')
    await speaker.say('up')
    await end.untilStatus({ state: 'up', forwarding: 'true', remote_state: 'up' })
    t.equal(await scene.gateway.dropped('punt_full'), 0)
    t.equal(await scene.gateway.dropped('bfd_refused'), 0)
  })

  await t.test('is in the database as soon as the detection time expires', async (t) => {
    const delays: number[] = []
    for (let time = 0; time < 3; time++) {
      const from = watch.lines().length
      const saidAt = await speaker.fallSilent()
      delays.push((await watch.until(status('down'), from)) - saidAt - detectionMs)
      t.match(await end.column('bfd_status'), { diagnostic: 'Control Detection Time Expired' })
      await speaker.say('down')
      await end.untilStatus({ state: 'init' })
      await speaker.say('init')
      await end.untilStatus({ state: 'up' })
      await speaker.say('up')
      await end.untilStatus({ remote_state: 'up' })
    }
    assertPrompt(t, delays, 'from the end of the detection time to the update of bfd_status at a monitor')
  })
})
