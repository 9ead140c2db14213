import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it where they are missing. (Node's own `recursive` tries for ever below a file system like
 * /proc, which refuses with ENOENT.)
 *
 * @throws Error that names the directory which cannot be made.
 */
export function makeDirectory(path: string, mode: number): void {
  if (isDirectory(path)) return
  const above = dirname(path)
  if (above !== path) makeDirectory(above, 0o755)
  try {
    mkdirSync(path, { mode })
  } catch (cause) {
    // Somebody else may have made it meanwhile.
    if (isDirectory(path)) return
    const { code = String(cause) } = cause as NodeJS.ErrnoException
    const why = WORDS.get(code) ?? code
    throw new Error(
      code === 'EEXIST' ? `«${path}» is no directory` : `the directory «${path}» cannot be made: ${why}`,
      {
        cause,
      },
    )
  }
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'its file system takes none'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'the file system does not permit it'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the file system is full'],
])

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
