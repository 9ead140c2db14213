import type { Host } from './host.js'
import { until } from './until.js'

/** A steady stream of echo requests, 200 a second. */
export interface PingStream {
  readonly name: string
  /** Waits until so many more answers came. */
  readonly answered: (more: number) => Promise<void>
  /** Ends the stream; the answer is the sequence numbers, up to the last answered, that got no answer. */
  readonly stop: () => Promise<readonly number[]>
}

export function startPings(from: Host, address: string): PingStream {
  const name = `${from.namespace.name} to ${address}`
  const ping = from.namespace.start(['ping', '-n', '-i', '0.005', address])
  const answers = new Set<number>()
  ping.onLine((line) => {
    const sequence = / bytes from .* icmp_seq=(\d+)/.exec(line)?.[1]
    if (sequence !== undefined) answers.add(Number(sequence))
  })
  return {
    name,
    answered: async (more) => {
      const goal = answers.size + more
      await until(`${more} more answers, ${name}`, () => Promise.resolve(answers.size >= goal))
    },
    stop: async () => {
      await ping.stop('SIGINT')
      const last = Math.max(0, ...answers)
      return Array.from({ length: last }, (_, index) => index + 1).filter((sequence) => !answers.has(sequence))
    },
  }
}
