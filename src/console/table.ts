/** A column: its heading, and for numbers the alignment to the right. */
export interface Column {
  readonly heading: string
  readonly align?: 'left' | 'right'
}

/** Rows of text under headings, two spaces apart; `nothing` when there is no row. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], nothing: string): string {
  if (rows.length === 0) return `  ${nothing}\n`
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(visible))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => width(row[index] ?? ''))))
  const line = (row: readonly string[]): string =>
    columns.map(({ align }, index) => pad(row[index] ?? '', widths[index] ?? 0, align ?? 'left')).join('  ')
  return cells.map((row) => `  ${line(row).trimEnd()}\n`).join('')
}

/** The text without what would move the cursor or colour the terminal: names come from whoever writes the database. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

function pad(text: string, to: number, align: 'left' | 'right'): string {
  const padding = ' '.repeat(Math.max(0, to - width(text)))
  return align === 'right' ? padding + text : text + padding
}

/** Terminal cells: two for a wide East Asian character, none for one that combines. */
function width(text: string): number {
  let cells = 0
  for (const character of text) cells += /\p{M}/u.test(character) ? 0 : isWide(character.codePointAt(0) ?? 0) ? 2 : 1
  return cells
}

/** The blocks of Unicode's East_Asian_Width W and F that names are written in. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  )
}
