import { textOf } from '../../src/schema/address-octets.js'

/** `struct address` of native/bpf/layout.h. */
export interface Address {
  readonly bytes: readonly number[]
}

export function macText(bytes: readonly number[]): string {
  return hex(bytes).join(':')
}

export function uuidText(bytes: readonly number[]): string {
  return hex(bytes)
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** IPv4 is stored v4-mapped. */
export function ipText({ bytes }: Address): string {
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  return textOf(isMapped ? bytes.slice(12) : bytes)
}

function hex(bytes: readonly number[]): string[] {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0'))
}
