import { readFileSync } from 'node:fs'
import t from 'tap'
import { COMMANDS, lookUpCommand } from '../../src/console/commands.js'
import { vtepUsage } from '../../src/console/usage.js'
import { checkoutPath } from '../lab/checkout.js'

t.test('every command is found by its words, and stands in the help', (t) => {
  const usage = vtepUsage('/run/vtepd')
  for (const command of COMMANDS) {
    t.same(lookUpCommand(command.words), { kind: 'found', command })
    t.match(usage, `  ${command.words.join(' ')} `)
  }
  t.end()
})

t.test('words may be cut short while they stay unique', (t) => {
  const wordsOf = (...words: string[]) => {
    const found = lookUpCommand(words)
    return found.kind === 'found' ? found.command.words.join(' ') : found
  }
  t.equal(wordsOf('sh'), 'show')
  t.equal(wordsOf('s', 'm', 'l'), 'show macs local')
  t.equal(wordsOf('show', 'l'), 'show logical-switches')
  t.equal(wordsOf('d', 'd'), 'datapath detach')
  t.match(wordsOf('show', 'x'), { kind: 'unknown', word: 'x' })
  t.match(wordsOf('show', 'ports', 'x'), { kind: 'unknown', word: 'x', candidates: [] })
  t.same(wordsOf('datapath'), { kind: 'incomplete', candidates: ['detach'] })
  const [status] = COMMANDS.filter(({ words }) => words[1] === 'status')
  const rival = { ...status!, words: ['show', 'stations'] }
  t.same(lookUpCommand(['show', 'stat'], [...COMMANDS, rival]), {
    kind: 'ambiguous',
    word: 'stat',
    candidates: ['status', 'stations'],
  })
  t.end()
})

t.test('every command that the reason of a drop names is one', (t) => {
  const reasons = readFileSync(checkoutPath('native/model/src/drop_reason.rs'), 'utf8')
  const named = [...reasons.matchAll(/`vtep ([^`]+)`/g)].map(([, words = '']) => words)
  t.ok(named.length > 5)
  for (const words of named)
    t.match(lookUpCommand(words.split(' ')), { kind: 'found', command: { words: words.split(' ') } })
  t.end()
})
