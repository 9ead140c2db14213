import { createCipheriv, createHash } from 'node:crypto'

/** Bytes that look random and are the same in every process: an AES-CTR key stream. */
export function* tcpContent(amount: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  const zeroes = Buffer.alloc(65_536)
  for (let left = amount; left > 0; left -= zeroes.length)
    yield cipher.update(zeroes.subarray(0, Math.min(left, zeroes.length)))
}

/** The SHA-256 of that many bytes. */
export function tcpDigest(amount: number): string {
  const hash = createHash('sha256')
  for (const chunk of tcpContent(amount)) hash.update(chunk)
  return hash.digest('hex')
}
