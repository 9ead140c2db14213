import type { Controller } from './controller.js'

/** Columns of an ACL_entry, as vtep-ctl takes them. */
export type AclEntry = readonly string[]

type Action = 'permit' | 'deny'

/** An entry for frames towards the logical switch. */
export function ingress(action: Action, sequence: number, ...columns: string[]): AclEntry {
  return ['direction=ingress', `action=${action}`, `sequence=${sequence}`, ...columns]
}

/** An entry for frames towards the server. */
export function egress(action: Action, sequence: number, ...columns: string[]): AclEntry {
  return ['direction=egress', `action=${action}`, `sequence=${sequence}`, ...columns]
}

/** Gives a VLAN of a port (0: the whole port) an ACL of these entries, in one transaction; what it had is replaced. */
export async function bindAcl(
  controller: Controller,
  port: string,
  vlan: number,
  ...entries: readonly AclEntry[]
): Promise<void> {
  const create = entries.flatMap((columns, index) => ['--', `--id=@e${index}`, 'create', 'ACL_entry', ...columns])
  const list = entries.map((_, index) => `@e${index}`).join(',')
  const name = `${port}-${vlan}`
  const known = await controller.ctl('--columns=_uuid', '--bare', 'find', 'ACL', `acl_name=${name}`)
  const acl =
    known === ''
      ? ['--id=@acl', 'create', 'ACL', `acl_name=${name}`, `acl_entries=${list}`]
      : ['set', 'ACL', known, `acl_entries=[${list}]`]
  const bind = ['--', 'set', 'Physical_Port', port, `acl_bindings:${vlan}=${known === '' ? '@acl' : known}`]
  await controller.ctl(...create, '--', ...acl, ...bind)
}
