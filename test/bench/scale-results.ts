import { table } from '../../src/console/table.js'

type Unit = 'ms' | '%' | 'MB' | 'rows/min'

/** One line of the table; a target is an upper limit in the unit of the value. */
export interface Result {
  readonly what: string
  readonly value: number
  readonly unit: Unit
  readonly target?: number
}

/** Results as they come, each told at once. */
export interface Results {
  readonly add: (what: string, value: number, unit: Unit, target?: number) => void
  readonly all: readonly Result[]
}

export function collectResults(tell: (line: string) => void): Results {
  const all: Result[] = []
  return {
    all,
    add: (what, value, unit, target) => {
      const result = { what, value, unit, ...(target === undefined ? {} : { target }) }
      all.push(result)
      tell(`  ${what}: ${shown(result)} ${verdict(result)}`.trimEnd())
    },
  }
}

export function resultTable(results: readonly Result[]): string {
  return table(
    [
      { heading: 'WHAT' },
      { heading: 'MEASURED', align: 'right' },
      { heading: 'TARGET', align: 'right' },
      { heading: '' },
    ],
    results.map((result) => [
      result.what,
      shown(result),
      result.target === undefined ? '' : `${result.target} ${result.unit}`,
      verdict(result),
    ]),
    '',
  )
}

function shown({ value, unit }: Result): string {
  return `${value.toFixed(Math.abs(value) < 10 ? 2 : 0)} ${unit}`
}

function verdict({ value, target }: Result): string {
  if (target === undefined) return ''
  return value < target ? 'met' : 'missed'
}
