import t from 'tap'
import { OvsdbError } from '../../src/ovsdb/error.js'
import { Publisher } from '../../src/publish/publisher.js'
import { update } from '../../src/schema/operations.js'
import { until } from '../lab/until.js'
import { publishOnServer } from './publisher-on-server.js'

t.test(
  'a transaction that a lost connection cut off is no refusal, and is made good after the reconnect',
  async (t) => {
    const published = await publishOnServer(t)
    const count = published.transactions()
    published.server.signal('SIGSTOP')
    const said = published.say({ description: 'rack 4' })
    t.equal(published.transactions(), count + 1)
    await published.server.kill()
    await until('the loss', () => Promise.resolve(published.client.state.kind !== 'synced'))
    await published.server.start()
    await said
    t.equal(await published.server.ctl('get', 'Physical_Switch', 'gw', 'description'), '"rack 4"')
    t.same(published.warnings, [])
  },
)

t.test('what was refused before a reconnect is offered at once after it, whatever pause was under way', async (t) => {
  const refusal = new OvsdbError('constraint violation', 'no')
  const pauses: unknown[] = []
  let attempts = 0
  const ignore = (): void => undefined
  const publisher = new Publisher({
    build: () => [update('Physical_Switch', [], { description: 'x' })],
    transact: () => {
      attempts += 1
      return Promise.reject(refusal)
    },
    log: { debug: ignore, warn: (_, fields) => pauses.push(fields) },
    onSettled: ignore,
  })
  t.teardown(() => publisher.close())
  publisher.wake()
  await until('the pauses to have grown', () => Promise.resolve(pauses.length >= 4))
  const before = attempts
  publisher.wake()
  t.equal(attempts, before, 'news alone does not shorten a pause')
  publisher.resume()
  t.equal(attempts, before + 1)
  await until('the refusal', () => Promise.resolve(pauses.length > before))
  t.match(pauses[before], { pauseMs: 20 })
  t.equal(publisher.lastError, refusal)
})
