import { fileURLToPath } from 'node:url'

/** The path of a file of the repository, from its top; compiled tests lie three folders below. */
export function checkoutPath(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url))
}
