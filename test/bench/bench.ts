// What `make bench` runs: measures the parts that are named, all when none is, and prints their tables. `--json FILE` writes the results too.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureBfd } from './bfd.js'
import { measureRates, rateTable } from './rates.js'
import { measureScale } from './scale.js'
import { resultTable } from './scale-results.js'
import { measureThroughput } from './throughput.js'

const parts = {
  throughput: () => measureThroughput(say),
  rates: async () => {
    say('Single frames between ends in the kernel, one processor; medians of three rounds.')
    const rows = await measureRates(say)
    say(`\n${rateTable(rows)}`)
    return rows
  },
  bfd: () => measureBfd(say),
  scale: async () => {
    say('What the gateway holds, and how soon it follows (tc mode).')
    const results = await measureScale(say)
    say(`\n${resultTable(results)}`)
    return results
  },
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const names = Object.keys(parts) as (keyof typeof parts)[]
const unknown = positionals.filter((word) => !names.some((name) => name === word))
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}; there are ${names.join(', ')}`)

const results: Record<string, unknown> = {}
for (const name of names) {
  if (positionals.length === 0 || positionals.includes(name)) results[name] = await parts[name]()
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`)

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
