import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vtepSchema } from './ovsdb-server.js'

/** The tables of an OVSDB schema file, as far as they are changed here. */
export type SchemaTables = Record<string, { columns: Record<string, unknown>; indexes?: string[][] }>

/** Writes the installed schema after `change` into a directory, as version 1.0.0; the answer is the file's path. */
export function schemaWithout(directory: string, change: (tables: SchemaTables) => void): string {
  const schema = JSON.parse(readFileSync(vtepSchema, 'utf8')) as {
    version: string
    cksum?: string
    tables: SchemaTables
  }
  schema.version = '1.0.0'
  delete schema.cksum
  change(schema.tables)
  const file = join(directory, 'older.ovsschema')
  writeFileSync(file, JSON.stringify(schema))
  return file
}
