import { parsed, refused, type Parsed } from './parsed.js'

/** Where an ovsdb-server listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'ssl'; readonly host: string; readonly port: number }

/** Files for an `ssl:` endpoint, PEM. They are read again at each connection, so renewed certificates are picked up. */
export interface TlsOptions {
  readonly privateKeyFile: string
  readonly certificateFile: string
  readonly caFile: string
}

/** `unix:PATH`, `tcp:HOST:PORT` or `ssl:HOST:PORT`; an IPv6 address stands in brackets. There is no default port. */
export function parseEndpoint(text: string): Parsed<Endpoint> {
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(colon, 0))
  const rest = text.slice(colon + 1)
  switch (kind) {
    case 'unix':
      return rest === '' ? refused(text, 'has no path after "unix:"') : parsed({ kind, path: rest })
    case 'tcp':
    case 'ssl': {
      const place = parseHostAndPort(text, rest)
      return place.ok ? parsed({ kind, ...place.value }) : place
    }
    default:
      return refused(text, 'is not an OVSDB endpoint: expected unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT')
  }
}

/** The text that `parseEndpoint` reads back to the same value. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path}`
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `${endpoint.kind}:${host}:${String(endpoint.port)}`
}

function parseHostAndPort(text: string, rest: string): Parsed<{ host: string; port: number }> {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(rest)
  const colon = rest.lastIndexOf(':')
  const host = bracketed ? bracketed[1] : rest.slice(0, Math.max(colon, 0))
  const port = bracketed ? bracketed[2] : colon < 0 ? undefined : rest.slice(colon + 1)
  if (port === undefined) return refused(text, 'has no port: expected HOST:PORT after the scheme')
  if (host === undefined || host === '') return refused(text, 'has no host')
  if (bracketed && !host.includes(':'))
    return refused(text, `has ${JSON.stringify(host)} in brackets, which is not an IPv6 address`)
  if (!bracketed && host.includes(':'))
    return refused(text, 'has an IPv6 address without brackets: write [ADDRESS]:PORT')
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535)
    return refused(text, `has port ${JSON.stringify(port)}: expected a number from 1 to 65535`)
  return parsed({ host, port: Number(port) })
}
