// prune.js SOURCE OUTPUT ...: removes what was compiled from sources that are gone; tsc leaves it behind.
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const folders = process.argv.slice(2)
for (let i = 0; i < folders.length; i += 2) {
  const [source, output] = folders.slice(i, i + 2)
  if (!existsSync(output)) continue
  for (const path of await readdir(output, { recursive: true })) {
    const stem = /^(.*)\.js(\.map)?$/.exec(path)?.[1]
    if (stem !== undefined && !existsSync(join(source, `${stem}.ts`))) await rm(join(output, path))
  }
}
