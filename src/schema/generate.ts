/* eslint-disable no-restricted-imports, no-restricted-globals -- a script beside the pure part, run by npm and imported by nothing */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { rowsText } from './rows-text.js'
import { schemaFile } from './schema-file.js'

/** Where Debian's openvswitch-vtep installs the schema. */
const debianSchema = '/usr/share/openvswitch/vtep.ovsschema'

/**
 * Writes `rows.generated.ts` from the schema file, or with `--check` compares the two. Run from the root of the repository.
 * Exit status: 0 written or in step; 1 out of step; 2 the schema file is missing or not a schema.
 */
function generate(): number {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      schema: { type: 'string', default: debianSchema },
      out: { type: 'string', default: 'src/schema/rows.generated.ts' },
    },
  })
  let text: string
  try {
    text = rowsText(schemaFile.parse(JSON.parse(readFileSync(values.schema, 'utf8'))))
  } catch (error) {
    console.error(
      `${values.schema}: ${String(error)} (Debian package openvswitch-vtep installs it; --schema FILE names another)`,
    )
    return 2
  }
  if (!values.check) {
    writeFileSync(values.out, text)
    return 0
  }
  if (existsSync(values.out) && readFileSync(values.out, 'utf8') === text) return 0
  console.error(`${values.out} is out of step with ${values.schema}: run "npm run generate" and commit the result`)
  return 1
}

process.exitCode = generate()
