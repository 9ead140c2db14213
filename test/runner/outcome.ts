/** How many named tests passed, failed and were skipped. */
export interface Outcome {
  passed: number
  failed: number
  skipped: number
}

/** The outcome of nothing. */
export function noOutcome(): Outcome {
  return { passed: 0, failed: 0, skipped: 0 }
}

/** The outcome of both together. */
export function sum(a: Outcome, b: Outcome): Outcome {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** `N passed, N failed`, and `, N skipped` where a test was skipped. */
export function closingLine({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}
