import { type BfdSpeaker, openBfdSpeaker } from '../lab/bfd-speaker.js'
import type { Scene } from '../lab/scene.js'
import { fastBfd, type TunnelEnd, tunnelEnd } from '../lab/tunnel-end.js'
import { nth } from './stage.js'
import { type ColumnWatch, watchColumn } from './watch-column.js'

/** A BFD session of the gateway whose far end the test plays, and a controller that watches bfd_status. */
export interface FlappingSession {
  readonly speaker: BfdSpeaker
  readonly end: TunnelEnd
  readonly watch: ColumnWatch
  /** Takes the session down and up again, so many times; answers for each change after how many ms the monitor told of it. */
  readonly flap: (times: number) => Promise<readonly number[]>
}

/** A tunnel may send 100 packets a second. */
const pauseMs = 50

/** A status whose state is this, as the row is after the change. */
export function status(state: string): RegExp {
  return new RegExp(`"new",.*\\["state","${state}"\\]`)
}

/** Begins a session with the scene's hypervisor, and waits until it is up. */
export async function openFlappingSession(scene: Scene): Promise<FlappingSession> {
  const { gateway, lab } = scene
  const hypervisor = nth(scene.hypervisors, 0)
  const blue = await scene.network('blue', 5001)
  await blue.bind('port1')
  const end = await tunnelEnd(gateway, hypervisor.address)
  await end.set(...fastBfd)
  const speaker = await openBfdSpeaker(hypervisor, gateway)
  lab.own(speaker.close)
  await speaker.say('down')
  await end.untilStatus({ state: 'init' })
  await speaker.say('init')
  await end.untilStatus({ state: 'up' })
  const watch = watchColumn(gateway.database, 'Tunnel', 'bfd_status')
  lab.own(watch.close)
  await watch.until('"up"')
  // RFC 5880 section 6.8.6: "down" takes our session down, and in that state "init" takes it up.
  const change = async (said: 'down' | 'init', becomes: 'down' | 'up') => {
    const from = watch.lines().length
    const saidAt = await speaker.say(said)
    return (await watch.until(status(becomes), from)) - saidAt
  }
  const flap = async (times: number) => {
    const delays: number[] = []
    for (let time = 0; time < times; time++) {
      delays.push(await change('down', 'down'), await change('init', 'up'))
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    return delays
  }
  return { speaker, end, watch, flap }
}
