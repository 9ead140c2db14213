import t from 'tap'
import { openLog } from '../../src/main/log.js'

t.test('an event that repeats is held back, counted, and said again in the next window', (t) => {
  const lines: Record<string, unknown>[] = []
  let nowMs = 0
  const log = openLog(
    'info',
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    () => nowMs,
  )
  for (let count = 0; count < 1000; count += 1) log.warn('row_refused', { count })
  log.warn('other', {})
  log.debug('not_said')
  t.equal(lines.filter(({ event }) => event === 'row_refused').length, 10)
  t.match(lines[0], { level: 'warn', event: 'row_refused', count: 0, time: /^\d{4}-/ })
  t.equal(lines.at(-1)?.event, 'other')
  nowMs = 10_000
  log.warn('row_refused', { count: 1000 })
  t.match(lines.at(-1), { event: 'row_refused', count: 1000, heldBack: 990 })
  t.end()
})
