import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vtepSchema } from './ovsdb-server.js'

interface Schema {
  version: string
  cksum?: string
  tables: Record<string, { columns: Record<string, unknown> }>
}

/** Writes the schema as it was before ACLs and the replication mode came, version 1.3.0, and returns the file's path. */
export async function writeOlderSchema(directory: string): Promise<string> {
  const schema = JSON.parse(await readFile(vtepSchema, 'utf8')) as Schema
  schema.version = '1.3.0'
  delete schema.cksum
  delete schema.tables.ACL
  delete schema.tables.ACL_entry
  delete schema.tables.Logical_Router?.columns.acl_binding
  delete schema.tables.Physical_Port?.columns.acl_bindings
  delete schema.tables.Logical_Switch?.columns.replication_mode
  const file = join(directory, 'older.ovsschema')
  await writeFile(file, JSON.stringify(schema))
  return file
}
