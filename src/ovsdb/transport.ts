import { readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import type { Endpoint, TlsOptions } from './endpoint.js'
import { OvsdbError } from './error.js'

/**
 * Begins to connect. `onOpen` is called once the peer may be talked to, which for TLS is after both sides accepted each other's certificate
 * as far as TLS 1.3 tells: a server that refuses ours says so only afterwards, as an error of the socket.
 *
 * @throws OvsdbError `connection failed` when a file of the TLS options cannot be read or used.
 */
export function openSocket(endpoint: Endpoint, tlsOptions: TlsOptions | undefined, onOpen: () => void): net.Socket {
  switch (endpoint.kind) {
    case 'unix':
      return net.connect({ path: endpoint.path }, onOpen)
    case 'tcp':
      return net.connect({ host: endpoint.host, port: endpoint.port, noDelay: true }, onOpen)
    case 'ssl':
      return openTlsSocket(endpoint, tlsOptions, onOpen)
  }
}

/**
 * OVS certificates name a role, not a host (ovs-pki(8)), so trust is in the CA alone, as in every OVS program: the host name is not compared.
 */
function openTlsSocket(
  endpoint: { host: string; port: number },
  options: TlsOptions | undefined,
  onOpen: () => void,
): net.Socket {
  if (!options)
    throw new OvsdbError(
      'connection failed',
      'an ssl: endpoint needs a private key, a certificate and a CA certificate',
    )
  const material = {
    key: readPem('private key', options.privateKeyFile),
    cert: readPem('certificate', options.certificateFile),
    ca: readPem('CA certificate', options.caFile),
  }
  try {
    const socket = tls.connect(
      {
        host: endpoint.host,
        port: endpoint.port,
        ...material,
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        checkServerIdentity: () => undefined,
      },
      onOpen,
    )
    return socket.setNoDelay(true)
  } catch (cause) {
    const files = `${options.privateKeyFile}, ${options.certificateFile}, ${options.caFile}`
    throw new OvsdbError('connection failed', `cannot use the TLS files ${files}: ${codeOf(cause)}`, { cause })
  }
}

/** Says which side refused what when TLS fails; any other error keeps its message. */
export function describeSocketError(error: Error, options: TlsOptions | undefined): string {
  const code = codeOf(error)
  if (options && untrusted.has(code))
    return `the server's certificate is not signed by the CA in ${options.caFile} (${code})`
  if (options && code.startsWith('ERR_SSL_') && code.includes('ALERT')) {
    return `the server refused the certificate in ${options.certificateFile} (${code})`
  }
  return code.startsWith('ERR_SSL_') ? `TLS failed (${code})` : error.message
}

/** Node's names for X509_V_ERR codes that mean: no chain from the server's certificate to our CA. */
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])

/** OpenSSL's and the system's errors have a code; their messages may be long and quote input. */
function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

function readPem(what: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new OvsdbError('connection failed', `cannot read the ${what} ${file}: ${codeOf(cause)}`, { cause })
  }
}
