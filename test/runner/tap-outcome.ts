import type { Parser, Result } from 'tap-parser'
import { noOutcome, type Outcome } from './outcome.js'

/** What is told of one named test as soon as it has ended; `reasons` are its failed assertions. */
export interface Verdict {
  readonly name: string
  readonly kind: 'passed' | 'failed' | 'skipped'
  readonly reasons: readonly Result[]
  /** Why it was skipped, where it says so. */
  readonly skipReason?: string
}

/**
 * Counts the named tests in a TAP stream: subtests without subtests of their own. A file without subtests is one test;
 * a file or group that fails for a reason of its own (a crash, a time-out, a failed assertion beside its subtests)
 * is one failed test more.
 */
export function followTap(
  parser: Parser,
  onVerdict: (verdict: Verdict) => void,
  names: readonly string[] = [],
): Outcome {
  const outcome = noOutcome()
  let inner: { outcome: Outcome; failures: readonly Result[] } | undefined

  const record = (name: string, kind: Verdict['kind'], why: readonly Result[], skip: unknown = false): void => {
    outcome[kind] += 1
    const skipReason = typeof skip === 'string' ? { skipReason: skip } : {}
    onVerdict({ name: [...names, name].join(' > '), kind, reasons: why, ...skipReason })
  }
  parser.on('child', (child: Parser) => {
    const failures: Result[] = []
    child.on('assert', (result: Result) => {
      if (!result.ok && !result.closingTestPoint) failures.push(result)
    })
    inner = { outcome: followTap(child, onVerdict, [...names, child.name]), failures }
  })
  parser.on('assert', (result: Result) => {
    if (result.closingTestPoint && inner !== undefined) {
      const { passed, failed, skipped } = inner.outcome
      const why = result.ok ? [] : inner.failures.length > 0 ? inner.failures : [result]
      outcome.passed += passed
      outcome.failed += failed
      outcome.skipped += skipped
      if (passed + failed + skipped === 0) record(result.name, kindOf(result), why)
      else if (!result.ok && failed === 0) record(result.name, 'failed', why)
      inner = undefined
    } else if (result.skip !== false || result.todo !== false) {
      record(result.name, 'skipped', [], result.skip)
    }
  })
  return outcome
}

function kindOf(result: Result): Verdict['kind'] {
  if (result.skip === 'no tests found') return 'failed'
  if (result.skip !== false || result.todo !== false) return 'skipped'
  return result.ok ? 'passed' : 'failed'
}
