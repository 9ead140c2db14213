import { join } from 'node:path'

/** Where the daemon of a run directory listens for the console. */
export function consoleSocketPath(runDir: string): string {
  return join(runDir, 'console.sock')
}
