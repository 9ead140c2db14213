import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'

/** The version in package.json, which stands above the folder of the compiled files. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(findManifest(), 'utf8'))
  return z.object({ version: z.string() }).parse(manifest).version
}

function findManifest(): URL {
  // dist/main/version.js, and dist-test/src/main/version.js for the tests.
  for (const above of ['../../package.json', '../../../package.json']) {
    const url = new URL(above, import.meta.url)
    if (isFile(url)) return url
  }
  throw new Error('package.json is not where it was installed')
}

function isFile(url: URL): boolean {
  return statSync(url, { throwIfNoEntry: false })?.isFile() === true
}
