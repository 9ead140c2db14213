import type { Ends, Middle } from '../../lab/byte-relay.js'
import type { Random } from './mutate-bytes.js'
import { mutateTexts } from './mutate-stream.js'
import { inputOf } from './texts.js'

/** What damages whatever passes a relay while it is on. */
export interface Damage {
  readonly open: (ends: Ends) => Middle
  readonly on: () => void
  /** Nothing is damaged any more. What is held back is lost: the connections are to be cut. */
  readonly off: () => void
  /** How often something was damaged so far. */
  readonly count: () => number
  /** What clients were told since the last `on`, as an input of `ovsdb-stream`. */
  readonly told: () => Buffer
}

/** Beyond any message of such a test, and far below what a client takes for endless. */
const hugeBytes = 16 * 1024 * 1024
const keptBytes = 1024 * 1024

/** Bytes and messages change, go, come twice, in another order, in pieces or never; connections end in their midst. */
export function startDamage(random: Random): Damage {
  let isOn = false
  let count = 0
  let told: Buffer[][] = []
  const below = (limit: number) => Math.floor(random() * limit)

  const damaged = (cut: () => void) => {
    let held = Buffer.of()
    return (chunk: Buffer): Buffer[] => {
      if (!isOn) return [chunk]
      const kind = random()
      if (kind < 0.3) return [chunk]
      count += 1
      if (kind < 0.75) return [mutateTexts(chunk, chunk, random)]
      if (kind < 0.8) return [chunk.subarray(0, below(chunk.length)), chunk]
      if (kind < 0.85) return []
      if (kind < 0.9) {
        const before = held
        held = Buffer.from(chunk)
        return [before]
      }
      if (kind < 0.95) {
        setImmediate(cut)
        return [chunk.subarray(0, below(chunk.length))]
      }
      const huge = Buffer.alloc(hugeBytes, below(2) === 0 ? 'x' : '[')
      return [Buffer.concat([Buffer.from('{"id":null,"method":"update3","params":["'), huge])]
    }
  }

  return {
    open: ({ toServer, toClient, cut }) => {
      const heard: Buffer[] = []
      told.push(heard)
      const [ofClient, ofServer] = [damaged(cut), damaged(cut)]
      return {
        fromClient: (chunk) => ofClient(chunk).forEach(toServer),
        fromServer: (chunk) => {
          for (const part of ofServer(chunk)) {
            heard.push(part.subarray(0, keptBytes))
            toClient(part)
          }
        },
      }
    },
    on: () => {
      isOn = true
      told = told.slice(-1)
    },
    off: () => {
      isOn = false
    },
    count: () => count,
    told: () => inputOf(told.map((heard) => Buffer.concat(heard))).subarray(0, keptBytes),
  }
}
