import t from 'tap'
import { table } from '../../src/console/table.js'

t.test('columns are as wide as their widest cell on a terminal, numbers to the right', (t) => {
  const text = table(
    [{ heading: 'NAME' }, { heading: 'N', align: 'right' }, { heading: 'LAST' }],
    [
      ['交換機', '7', 'x'],
      ['a', '1000', ''],
    ],
    'none',
  )
  t.equal(text, '  NAME       N  LAST\n  交換機     7  x\n  a       1000\n')
  t.end()
})

t.test('an empty table says so in words', (t) => {
  t.equal(table([{ heading: 'NAME' }], [], 'nothing is there'), '  nothing is there\n')
  t.end()
})

t.test('a name from the database cannot move the cursor or colour the terminal', (t) => {
  const text = table([{ heading: 'NAME' }], [['\u001b[31mred\nnext\u202e']], '')
  t.equal(text, '  NAME\n  \\u{1b}[31mred\\u{a}next\\u{202e}\n')
  t.end()
})
