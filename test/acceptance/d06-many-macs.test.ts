import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { copiesAt } from './copies.js'
import { join } from './join.js'
import { scenario } from './scenario.js'
import { openSpot } from './spot.js'

const count = 20_000

scenario('D6', `${count} remote MACs in one transaction`, { hypervisors: 2 }, async (t, stage) => {
  const { controller, gateway } = stage
  await join(stage)
  const copies = await copiesAt(stage, await openSpot(stage.lab, stage.servers[0]!))
  const uuid = async (table: string, condition: string) =>
    ['uuid', await controller.ctl('--bare', '--columns=_uuid', 'find', table, condition)] as const
  const blue = await uuid('Logical_Switch', 'name=blue')
  const far = await uuid('Physical_Locator', `dst_ip="${stage.hypervisors[1]!.address}"`)
  const macs = Array.from({ length: count }, (_, index) => {
    const hex = index.toString(16).padStart(6, '0')
    return `02:42:00:${hex.replace(/..(?!$)/g, '$&:')}`
  })

  await t.test('are each forwarded to the VTEP that the controller says, and to no other', async (t) => {
    t.same(await copies(macs[0]), [1, 1], 'unknown before')
    const beganAt = performance.now()
    await transact(
      gateway.database,
      ...macs.map((MAC) => ({
        op: 'insert',
        table: 'Ucast_Macs_Remote',
        row: { MAC, logical_switch: blue, locator: far },
      })),
    )
    const committedMs = performance.now() - beganAt
    const sample = macs.filter((_, index) => index % 997 === 0 || index === count - 1)
    // The emulator needs a process for each.
    for (const mac of sample)
      await until(`${mac} to be known`, async () => ((await copies(mac))[0] === 0 ? true : false), 250_000)
    t.comment(
      `committed in ${committedMs.toFixed(0)} ms, all known ${(performance.now() - beganAt).toFixed(0)} ms after the request`,
    )
    for (const mac of sample) t.same(await copies(mac), [0, 1], mac)
  })
})
