import type { Capture } from './capture.js'
import { carries } from './craft.js'
import type { Frame } from './frame.js'

/** Frames that are sent one after another, each with a number, until they are stopped. */
export interface NumberedStream {
  /** Fulfilled once so many more were sent. */
  readonly more: (count: number) => Promise<void>
  /** Ends the stream; answers how many were sent. */
  readonly stop: () => Promise<number>
  /** When each of them was given to the kernel (performance.now). */
  readonly sentAt: readonly number[]
}

/** The text that a frame of a stream carries. */
export function numbered(name: string, number: number): string {
  return `${name} ${number}`
}

/** Starts to send; `send` is given the text that the frame is to carry, see `marked`. */
export function startStream(name: string, send: (text: string) => Promise<void>): NumberedStream {
  const sentAt: number[] = []
  const stopped = new AbortController()
  const sending = (async () => {
    while (!stopped.signal.aborted) {
      await send(numbered(name, sentAt.length))
      sentAt.push(performance.now())
    }
  })()
  return {
    sentAt,
    more: async (count) => {
      const end = sentAt.length + count
      while (sentAt.length < end) {
        // A stream that failed would never get there.
        await Promise.race([sending, new Promise((resolve) => setImmediate(resolve))])
      }
    },
    stop: async () => {
      stopped.abort()
      await sending
      return sentAt.length
    },
  }
}

/** How often each number of a stream was captured. */
export function arrivals(capture: Capture, name: string, count: number, matches: (frame: Frame) => boolean): number[] {
  const frames = capture.matching((frame) => frame.bytes.includes(`<${name} `) && matches(frame))
  const times = new Array<number>(count).fill(0)
  for (const { bytes } of frames) {
    const start = bytes.indexOf(`<${name} `) + name.length + 2
    const number = Number(bytes.subarray(start, bytes.indexOf('>', start)).toString())
    times[number] = (times[number] ?? 0) + 1
  }
  return times
}

/** Waits until the last frame of a stream, or a fence behind it, has come. */
export async function untilCarried(capture: Capture, text: string): Promise<void> {
  await capture.until(text, (frame) => carries(frame.bytes, text))
}
