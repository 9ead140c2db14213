import { openRelay, type Relay } from './relay.js'

/** A relay before a database server that can keep what a client sends, so that somebody else is certain to be first. */
export interface HoldingRelay extends Relay {
  /** Keeps the next message that matches, and every one after it. */
  readonly hold: (matches: (text: string) => boolean) => Hold
}

export interface Hold {
  /** Fulfilled with the message once it is kept. */
  readonly kept: Promise<string>
  /** Passes on what was kept, in its order. */
  readonly release: () => void
}

/** @param target path of the server's socket. */
export async function openHoldingRelay(target: string): Promise<HoldingRelay> {
  let take: ((text: string, pass: () => void) => boolean) | undefined
  const relay = await openRelay(target, {
    fromClient: (text, pass) => {
      if (take?.(text, pass) !== true) pass()
    },
  })
  return {
    ...relay,
    hold: (matches) => {
      const waiting: (() => void)[] = []
      const kept = new Promise<string>((resolve) => {
        take = (text, pass) => {
          if (waiting.length === 0 && !matches(text)) return false
          waiting.push(pass)
          resolve(text)
          return true
        }
      })
      return {
        kept,
        release: () => {
          take = undefined
          for (const pass of waiting) pass()
        },
      }
    },
  }
}
