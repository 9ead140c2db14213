import { fileURLToPath } from 'node:url'
import { describeFrame, type Frame, parseFrame } from './frame.js'
import type { Namespace } from './namespace.js'

export interface CaptureOptions {
  /** A pcap-filter(7) expression; default: everything. */
  readonly filter?: string
  /** Bytes kept of each frame; default 65535. */
  readonly snapLength?: number
}

/** A running capture on one device. */
export interface Capture {
  readonly frames: readonly Frame[]
  /** The first frame, already seen or to come, that matches; throws with the frames seen when none comes in time. */
  readonly until: (what: string, matches: (frame: Frame) => boolean, limitMs?: number) => Promise<Frame>
  /** The frames so far that match. */
  readonly matching: (matches: (frame: Frame) => boolean) => readonly Frame[]
  readonly close: () => Promise<void>
}

const child = fileURLToPath(new URL('./capture-child.js', import.meta.url))

/** Starts to capture on a device of the namespace; frames that come after the promise is fulfilled are seen. */
export async function openCapture(
  namespace: Namespace,
  device: string,
  options: CaptureOptions = {},
): Promise<Capture> {
  const process_ = namespace.start([
    process.execPath,
    child,
    device,
    options.filter ?? '',
    `${options.snapLength ?? 65535}`,
  ])
  const frames: Frame[] = []
  const waiting = new Set<(frame: Frame) => void>()

  await new Promise<void>((resolve, reject) => {
    process_.onLine((line) => {
      if (line === 'ready') {
        resolve()
        return
      }
      const [, length, bytes = ''] = line.split(' ')
      const frame = parseFrame(Buffer.from(bytes, 'base64'), Number(length))
      frames.push(frame)
      for (const tell of waiting) tell(frame)
    })
    void process_.exited.then(() =>
      reject(new Error(`capture on ${device} in ${namespace.name}: ${process_.output()}`)),
    )
  })

  return {
    frames,
    matching: (matches) => frames.filter(matches),
    until: (what, matches, limitMs = 10_000) => {
      const known = frames.find(matches)
      if (known !== undefined) return Promise.resolve(known)
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          waiting.delete(tell)
          const seen = frames.slice(-20).map((frame) => `  ${describeFrame(frame)}\n`)
          reject(
            new Error(
              `${what}: not captured on ${device} in ${namespace.name} within ${limitMs} ms; last of ${frames.length} frames:\n${seen.join('')}`,
            ),
          )
        }, limitMs)
        const tell = (frame: Frame) => {
          if (!matches(frame)) return
          clearTimeout(limit)
          waiting.delete(tell)
          resolve(frame)
        }
        waiting.add(tell)
      })
    },
    close: async () => {
      await process_.stop('SIGKILL')
    },
  }
}
