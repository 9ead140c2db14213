import t from 'tap'
import { allPassed, compare, describeComparison, markdownComparison } from './comparison.js'
import type { Verdict } from './tap-outcome.js'

const verdict = (kind: Verdict['kind'], name: string, skipReason?: string): Verdict => ({
  name,
  kind,
  reasons: [],
  ...(skipReason === undefined ? {} : { skipReason }),
})

const verdicts = [
  verdict('passed', 'a02.test.js > ours: A2 a tagged server > pings'),
  verdict('passed', 'a02.test.js > ours: A2 a tagged server > has its tag'),
  verdict('passed', 'a02.test.js > theirs: A2 a tagged server > pings'),
  verdict('failed', 'a02.test.js > theirs: A2 a tagged server > has its tag'),
  verdict('passed', 'd1.test.js > ours: D1 an empty database > is filled'),
  verdict('failed', 'd1.test.js > theirs: D1 an empty database'),
  verdict('passed', 'o.test.js > ours: O OVN > O3 the port is unset'),
  verdict('skipped', 'o.test.js > theirs: O OVN > O3 the port is unset', 'has none'),
]
const subjects = ['ours', 'theirs']

t.test('each sentence has a mark for each subject; who did not get that far failed', async (t) => {
  t.same(
    compare(verdicts, subjects).map(({ line, sentences }) => [
      line,
      sentences.map(({ marks }) => Object.values(marks)),
    ]),
    [
      ['D1', [['pass', 'fail']]],
      [
        'A2',
        [
          ['pass', 'pass'],
          ['pass', 'fail'],
        ],
      ],
      ['O3', [['pass', 'not applicable']]],
    ],
  )
})

t.test('the table says all of it, the short one how much of each line holds', async (t) => {
  const lines = compare(verdicts, subjects)
  const text = describeComparison(lines, subjects)
  t.match(text, /^pass +fail +has its tag$/m)
  t.match(text, 'O3, not applicable to theirs: the port is unset: has none')
  t.match(text, 'ours: 4 of 4 sentences\ntheirs: 1 of 3 sentences')
  t.equal(
    markdownComparison(lines, subjects),
    `|  | scenario | ours | theirs |
| --- | --- | --- | --- |
| D1 | an empty database | yes | **no** |
| A2 | a tagged server | yes | 1 of 2 |
| O3 | the port is unset | yes | n/a |`,
  )
})

t.test('what fails is known by subject', async (t) => {
  const lines = compare(verdicts, subjects)
  t.ok(allPassed(lines, ['ours']))
  t.notOk(allPassed(lines, ['theirs']))
  t.notOk(allPassed(compare([verdict('failed', 'a1.test.js > ours: A1 a server')], ['ours']), ['ours']))
})
