import type { Verdict } from './tap-outcome.js'

export type Mark = 'pass' | 'fail' | 'not applicable'

/** A sentence of a scenario, and how each subject fared; a subject that did not get that far failed it. */
export interface Sentence {
  readonly sentence: string
  readonly marks: Readonly<Record<string, Mark>>
  /** Why it is not applicable, by subject. */
  readonly reasons: Readonly<Record<string, string>>
}

/** A line of the acceptance suite. */
export interface Line {
  readonly line: string
  readonly title: string
  readonly sentences: readonly Sentence[]
}

/**
 * Sorts what tap says of acceptance files into lines. The name of a verdict is `FILE > SUBJECT: LINE TITLE > SENTENCE`; in a file whose
 * sentences are lines of their own (`SENTENCE` begins with `O1 `), each of them is one.
 *
 * @param subjects those that were run, in the order of the columns
 */
export function compare(verdicts: readonly Verdict[], subjects: readonly string[]): readonly Line[] {
  const lines = new Map<string, { title: string; sentences: Map<string, Sentence> }>()
  for (const { name, kind, skipReason } of verdicts) {
    const [, scenario = '', ...rest] = name.split(' > ')
    const [, subject, id, title] = /^(\S+): ([ADOU]\d*) (.*)$/.exec(scenario) ?? []
    if (subject === undefined || id === undefined || title === undefined || !subjects.includes(subject)) continue
    const own = /^(O\d+) (.*)$/.exec(rest[0] ?? '')
    const key = own?.[1] ?? id
    const line = lines.get(key) ?? {
      title: own === null ? title : (own[2] ?? ''),
      sentences: new Map<string, Sentence>(),
    }
    lines.set(key, line)
    const text = own === null ? rest.join(' > ') : [own[2], ...rest.slice(1)].join(' > ')
    if (text === '') continue // a scenario that ended before its first sentence
    const known = line.sentences.get(text) ?? { sentence: text, marks: {}, reasons: {} }
    line.sentences.set(text, {
      sentence: text,
      marks: { ...known.marks, [subject]: markOf(kind) },
      reasons: skipReason === undefined ? known.reasons : { ...known.reasons, [subject]: skipReason },
    })
  }
  return [...lines]
    .map(([line, { title, sentences }]) => ({
      line,
      title,
      sentences: (sentences.size > 0 ? [...sentences.values()] : [{ sentence: title, marks: {}, reasons: {} }]).map(
        (known) => ({ ...known, marks: completed(known.marks, subjects) }),
      ),
    }))
    .sort((a, b) => order(a.line) - order(b.line))
}

/** The table for a terminal: a row for each sentence under the title of its line, then the reasons and the sums. */
export function describeComparison(lines: readonly Line[], subjects: readonly string[]): string {
  const cell = (text: string) => text.padEnd(16)
  const row = (head: string, cells: readonly string[]) => `${cells.map(cell).join('')}${head}`
  const rows = lines.flatMap(({ line, title, sentences }) => [
    row(
      `${line}  ${title}`,
      subjects.map(() => ''),
    ),
    ...sentences.map(({ sentence, marks }) =>
      row(
        `      ${sentence}`,
        subjects.map((subject) => marks[subject] ?? ''),
      ),
    ),
  ])
  const reasons = lines.flatMap(({ line, sentences }) =>
    sentences.flatMap(({ sentence, reasons }) =>
      Object.entries(reasons).map(
        ([subject, reason]) => `${line}, not applicable to ${subject}: ${sentence}: ${reason}`,
      ),
    ),
  )
  const sums = subjects.map((subject) => {
    const { passed, applicable } = count(
      lines.flatMap(({ sentences }) => sentences),
      subject,
    )
    return `${subject}: ${passed} of ${applicable} sentences`
  })
  return [row('', subjects), ...rows, '', ...reasons, ...sums].join('\n')
}

/** The same as Markdown, a row for each line: how many of its sentences hold. */
export function markdownComparison(lines: readonly Line[], subjects: readonly string[]): string {
  const cells = (parts: readonly string[]) => `| ${parts.join(' | ')} |`
  return [
    cells(['', 'scenario', ...subjects]),
    cells(['', '', ...subjects].map(() => '---')),
    ...lines.map(({ line, title, sentences }) =>
      cells([line, title, ...subjects.map((subject) => share(sentences, subject))]),
    ),
  ].join('\n')
}

/** Whether each of these subjects passed every sentence that applies to it. */
export function allPassed(lines: readonly Line[], subjects: readonly string[]): boolean {
  const isGood = (mark: Mark | undefined) => mark === 'pass' || mark === 'not applicable'
  return lines.every(({ sentences }) =>
    sentences.every(({ marks }) => subjects.every((subject) => isGood(marks[subject]))),
  )
}

function share(sentences: readonly Sentence[], subject: string): string {
  const { passed, applicable } = count(sentences, subject)
  if (applicable === 0) return 'n/a'
  return passed === applicable ? 'yes' : passed === 0 ? '**no**' : `${passed} of ${applicable}`
}

function count(sentences: readonly Sentence[], subject: string): { passed: number; applicable: number } {
  const marks = sentences.map((sentence) => sentence.marks[subject])
  return {
    passed: marks.filter((mark) => mark === 'pass').length,
    applicable: marks.filter((mark) => mark !== 'not applicable').length,
  }
}

function completed(marks: Sentence['marks'], subjects: readonly string[]): Sentence['marks'] {
  return Object.fromEntries(subjects.map((subject) => [subject, marks[subject] ?? 'fail']))
}

function markOf(kind: Verdict['kind']): Mark {
  switch (kind) {
    case 'passed':
      return 'pass'
    case 'failed':
      return 'fail'
    case 'skipped':
      return 'not applicable'
  }
}

/** Lines that begin with D first, then A, O, U, each by number. */
function order(line: string): number {
  return 'DAOU'.indexOf(line.charAt(0)) * 1000 + Number(line.slice(1))
}
