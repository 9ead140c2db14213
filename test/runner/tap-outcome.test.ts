import t from 'tap'
import { Parser } from 'tap-parser'
import { closingLine, noOutcome, sum } from './outcome.js'
import { followTap, type Verdict } from './tap-outcome.js'

/** Counts a TAP text; each verdict as `kind name`. */
function count(tap: string): { verdicts: string[]; line: string } {
  const verdicts: Verdict[] = []
  const parser = new Parser()
  const outcome = followTap(parser, (verdict) => verdicts.push(verdict))
  parser.end(tap)
  return { verdicts: verdicts.map(({ kind, name }) => `${kind} ${name}`), line: closingLine(outcome) }
}

t.test('innermost subtests are the tests that count', async (t) => {
  const tap = `TAP version 14
# Subtest: a.test.js
    # Subtest: outer
        # Subtest: first
            ok 1 - one assertion
            ok 2 - another
            1..2
        ok 1 - first
        # Subtest: second
            not ok 1 - wrong
            1..1
        not ok 2 - second
        1..2
    not ok 1 - outer
    1..1
not ok 1 - a.test.js
1..1
`
  t.same(count(tap), {
    verdicts: ['passed a.test.js > outer > first', 'failed a.test.js > outer > second'],
    line: '1 passed, 1 failed',
  })
})

t.test('a file that crashes after its tests passed is one failed test more', async (t) => {
  const tap = `TAP version 14
# Subtest: a.test.js
    # Subtest: fine
        ok 1 - so far
        1..1
    ok 1 - fine
    1..1
not ok 1 - a.test.js
  ---
  exitCode: 3
  ...
1..1
`
  t.same(count(tap), { verdicts: ['passed a.test.js > fine', 'failed a.test.js'], line: '1 passed, 1 failed' })
})

t.test('a file without a test has failed, a skipped test is counted apart', async (t) => {
  const tap = `TAP version 14
# Subtest: empty.test.js
    1..0
ok 1 - empty.test.js # SKIP no tests found
# Subtest: b.test.js
    ok 1 - needs a second machine # SKIP there is one
    # Subtest: fine
        ok 1 - yes
        1..1
    ok 2 - fine
    1..2
ok 2 - b.test.js
1..2
`
  t.same(count(tap), {
    verdicts: ['failed empty.test.js', 'skipped b.test.js > needs a second machine', 'passed b.test.js > fine'],
    line: '1 passed, 1 failed, 1 skipped',
  })
})

t.test('outcomes add up', async (t) => {
  t.same(sum({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 }), {
    passed: 11,
    failed: 22,
    skipped: 33,
  })
  t.equal(closingLine(noOutcome()), '0 passed, 0 failed')
})
