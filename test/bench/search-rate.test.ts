import t from 'tap'
import { type RateTrial, searchRate } from './search-rate.js'

/** A gateway that passes so many frames a second and drops the rest, behind a generator that has a limit of its own. */
function gateway(capacity: number, generator: number) {
  const offers: (number | undefined)[] = []
  const trial = (rate: number | undefined): Promise<RateTrial> => {
    offers.push(rate)
    const offered = Math.min(rate ?? generator, generator)
    return Promise.resolve({ offered, loss: Math.max(0, 1 - capacity / offered) })
  }
  return { offers, trial }
}

t.test('a generator that loses nothing is itself the limit', async (t) => {
  const { offers, trial } = gateway(5e6, 3e6)
  t.equal(await searchRate({ lossGoal: 0, trial }), 3e6)
  t.same(offers, [undefined])
})

t.test('the non-drop rate is found within the width', async (t) => {
  for (const capacity of [1e3, 4.2e5, 2.9e6]) {
    const { trial } = gateway(capacity, 3e6)
    const rate = await searchRate({ lossGoal: 0, width: 0.01, trial })
    t.ok(rate <= capacity && rate >= capacity * 0.98, `${rate} for ${capacity}`)
  }
})

t.test('the partial drop rate is as much higher as may be lost', async (t) => {
  const { trial } = gateway(1e6, 3e6)
  const rate = await searchRate({ lossGoal: 0.1, width: 0.01, trial })
  t.ok(rate > 1.08e6 && rate <= 1e6 / 0.9, `${rate}`)
})

t.test('a gateway that loses always has no rate, and the search ends', async (t) => {
  let trials = 0
  const trial = (rate: number | undefined) => {
    trials += 1
    return Promise.resolve({ offered: rate ?? 1e6, loss: 0.5 })
  }
  t.ok((await searchRate({ lossGoal: 0, trial })) < 1)
  t.ok(trials < 100)
})

t.test('a generator that falls behind ends the search', async (t) => {
  const trial = (rate: number | undefined) =>
    Promise.resolve({ offered: (rate ?? 2e6) / 2, loss: rate === undefined ? 0.2 : 0 })
  t.ok((await searchRate({ lossGoal: 0, trial })) > 0)
})
