/**
 * The OVSDB lock of a switch. RFC 7047 section 3.1 allows an <id> letters, digits and underscores; other bytes of the name
 * become `_` and two hexadecimal digits, so that two names never share a lock.
 */
export function lockName(switchName: string): string {
  const escaped = [...Buffer.from(switchName)].map((byte) => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`
  })
  return `vtep_${escaped.join('')}`
}
