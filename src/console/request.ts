import { request as httpRequest } from 'node:http'
import { consoleSocketPath } from './socket-path.js'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A daemon that is well answers within milliseconds; one that applies a large transaction may take a second or two. */
const PATIENCE_MS = 10_000

/** Nobody listens: the daemon does not run, or not with this run directory. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
  readonly code: 'unreachable' | 'forbidden' | 'silent' | 'gone'

  constructor(code: UnreachableError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Asks the daemon of a run directory. @throws UnreachableError */
export function request(runDir: string, method: 'GET' | 'POST', path: string): Promise<Answer> {
  const socketPath = consoleSocketPath(runDir)
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ socketPath, method, path }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
          resolve({ status: response.statusCode ?? 500, body })
        } catch (cause) {
          reject(new Error(`the daemon's answer on ${socketPath} is not JSON`, { cause }))
        }
      })
    })
    outgoing.setTimeout(PATIENCE_MS, () => {
      const seconds = PATIENCE_MS / 1000
      const message = `the vtepd of the run directory ${runDir} has not answered for ${seconds} s: it hangs or is very busy`
      outgoing.destroy(new UnreachableError('silent', message))
    })
    outgoing.on('error', (cause: NodeJS.ErrnoException) => reject(explain(cause, runDir, socketPath)))
    outgoing.end()
  })
}

function explain(cause: NodeJS.ErrnoException, runDir: string, socketPath: string): Error {
  if (cause instanceof UnreachableError) return cause
  const { code } = cause
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new UnreachableError('unreachable', `no vtepd runs with the run directory ${runDir}`, { cause })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `you may not open ${socketPath}: run as root or as a member of its group`
    return new UnreachableError('forbidden', message, { cause })
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    const message = `the vtepd of the run directory ${runDir} ended before it answered: its log says why`
    return new UnreachableError('gone', message, { cause })
  }
  return cause
}
