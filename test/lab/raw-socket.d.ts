/** The part of raw-socket that the lab uses; the package brings no types. */
declare module 'raw-socket' {
  interface Socket {
    on(event: 'error', listener: (error: Error) => void): this
    /** Sends one IP payload; the kernel writes the IP header. */
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      address: string,
      sent: (error: Error | null, bytes: number) => void,
    ): void
  }
  const raw: {
    readonly Protocol: { readonly UDP: number }
    createSocket(options: { readonly protocol: number }): Socket
    /** The Internet checksum (RFC 1071) over all buffers. */
    createChecksum(...buffers: readonly Buffer[]): number
  }
  export default raw
}
