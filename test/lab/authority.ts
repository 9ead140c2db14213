import { join } from 'node:path'
import type { TlsOptions } from '../../src/ovsdb/endpoint.js'
import { run } from './command.js'

/** A certification authority in a directory; `issue` returns the files of one of its subjects. */
export async function makeAuthority(
  directory: string,
  name: string,
): Promise<(subject: string) => Promise<TlsOptions>> {
  const file = (of: string) => join(directory, of)
  const openssl = (...args: string[]) => run(['openssl', ...args])
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const caFile = file(`${name}.pem`)
  const caKey = file(`${name}.key`)
  await openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`, '-keyout', caKey, '-out', caFile)
  return async (subject) => {
    const privateKeyFile = file(`${name}-${subject}.key`)
    const certificateFile = file(`${name}-${subject}.pem`)
    const request = file(`${name}-${subject}.req`)
    // As ovs-pki(8) does it: a common name with an id and no host in it.
    await openssl('req', '-new', ...key, '-subj', `/CN=${subject} id:1234`, '-keyout', privateKeyFile, '-out', request)
    const signed = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-out', certificateFile]
    await openssl('x509', '-req', '-in', request, ...signed)
    return { privateKeyFile, certificateFile, caFile }
  }
}
