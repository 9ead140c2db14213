import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EmbeddedError } from './embedded-error.js'
import { makeDirectory } from './make-directory.js'

const run = promisify(execFile)

/** Installed by Debian's package openvswitch-vtep. */
export const INSTALLED_SCHEMA = '/usr/share/openvswitch/vtep.ovsschema'

export function databasePath(stateDir: string): string {
  return join(stateDir, 'hardware_vtep.db')
}

/**
 * The database file in `stateDir`: created when it is missing, converted when the installed schema is newer.
 * A conversion leaves the former file beside it, with the suffix `.before-VERSION`.
 *
 * @throws EmbeddedError
 */
export async function openDatabaseFile(stateDir: string): Promise<string> {
  if (!existsSync(INSTALLED_SCHEMA)) {
    throw new EmbeddedError('not installed', `${INSTALLED_SCHEMA} does not exist: install the package openvswitch-vtep`)
  }
  makeStateDir(stateDir)
  const path = databasePath(stateDir)
  if (existsSync(path)) await convertIfOlder(path)
  else await create(path)
  return path
}

function makeStateDir(stateDir: string): void {
  try {
    makeDirectory(stateDir, 0o750)
  } catch (cause) {
    throw new EmbeddedError('database', `--state-dir: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** By way of a second name, so that a daemon killed meanwhile leaves no half a database. */
async function create(path: string): Promise<void> {
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  await tool(['create', draft, INSTALLED_SCHEMA])
  renameSync(draft, path)
}

/** Never to an older schema: that would drop the columns which only the newer one has. */
async function convertIfOlder(path: string): Promise<void> {
  const [present, installed] = [await versionOf(path), await tool(['schema-version', INSTALLED_SCHEMA])]
  if (!isNewer(installed, present)) return
  copyFileSync(path, `${path}.before-${installed}`)
  await tool(['convert', path, INSTALLED_SCHEMA])
}

async function versionOf(path: string): Promise<string> {
  try {
    return await tool(['db-version', path])
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const advice =
      'put a copy in its place, or move it away: the gateway then begins with an empty one, which controllers fill again'
    throw new EmbeddedError('database', `the database ${path} cannot be read (${why}); ${advice}`, { cause })
  }
}

/** RFC 7047 section 3.1, <version>: three numbers with dots. */
function isNewer(version: string, than: string): boolean {
  const [a, b] = [version.split('.').map(Number), than.split('.').map(Number)]
  const at = [0, 1, 2].find((index) => a[index] !== b[index])
  return at !== undefined && (a[at] ?? 0) > (b[at] ?? 0)
}

async function tool(args: readonly string[]): Promise<string> {
  try {
    return (await run('ovsdb-tool', args)).stdout.trim()
  } catch (cause) {
    const complaint = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause)
    throw new EmbeddedError('database', `ovsdb-tool ${args.join(' ')} failed: ${complaint}`, { cause })
  }
}
