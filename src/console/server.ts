import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { consoleSocketPath } from './socket-path.js'
import { isSectionName, SECTION_NAMES, type SectionName, type Shown } from './shown.js'

/** How long `close` lets an answer that is under way go out before it cuts every connection, silent ones too. */
const CLOSE_GRACE_MS = 500

export interface ConsoleServerOptions {
  readonly runDir: string
  readonly log: {
    readonly info: (event: string, fields?: object) => void
    readonly warn: (event: string, fields?: object) => void
  }
  readonly show: (sections: readonly SectionName[]) => { readonly shown: Shown; readonly isInService: boolean }
  /** Removes the gateway from the kernel; the daemon ends after it. */
  readonly detach: () => Promise<void>
}

/** HTTP and JSON on a Unix socket that its owner and group may open. */
export class ConsoleServer {
  readonly #options: ConsoleServerOptions
  readonly #server: Server

  constructor(options: ConsoleServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((cause: unknown) => {
        const message = cause instanceof Error ? cause.message : String(cause)
        options.log.warn('console_request_failed', { url: request.url, message })
        reply(response, 500, { error: message })
      })
    })
  }

  /** The run directory is this daemon's alone by now: a socket in it is a dead one's. */
  async start(): Promise<void> {
    const path = consoleSocketPath(this.#options.runDir)
    rmSync(path, { force: true })
    await new Promise<void>((listening, failed) => {
      this.#server.once('error', failed)
      this.#server.listen(path, listening)
    })
    chmodSync(path, 0o660)
  }

  /** Ends also when a client is connected that says nothing. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const impatience = setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS)
    await new Promise<void>((closed) => {
      this.#server.close(() => closed())
      this.#server.closeIdleConnections()
    })
    clearTimeout(impatience)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://vtepd')
    const what = `${request.method ?? ''} ${url.pathname}`
    if (what === 'GET /v1/show') {
      this.#show((url.searchParams.get('sections') ?? SECTION_NAMES.join(',')).split(','), response)
    } else if (what === 'POST /v1/detach') {
      await this.#options.detach()
      reply(response, 200, { detached: true })
    } else {
      reply(response, 404, { error: `no such request: ${what}` })
    }
  }

  #show(names: readonly string[], response: ServerResponse): void {
    const unknown = names.find((name) => !isSectionName(name))
    if (unknown !== undefined) {
      reply(response, 404, { error: `no section «${unknown}»` })
      return
    }
    const { shown, isInService } = this.#options.show(names.filter(isSectionName))
    reply(response, isInService ? 200 : 503, shown)
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify(body))
}
