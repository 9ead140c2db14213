import { schemaWithout } from './schema-without.js'

/** Writes the schema as it was before ACLs and the replication mode came, and returns the file's path. */
export function writeOlderSchema(directory: string): string {
  return schemaWithout(directory, (tables) => {
    delete tables.ACL
    delete tables.ACL_entry
    delete tables.Logical_Router?.columns.acl_binding
    delete tables.Physical_Port?.columns.acl_bindings
    delete tables.Logical_Switch?.columns.replication_mode
  })
}
