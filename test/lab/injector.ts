import { fileURLToPath } from 'node:url'
import type { Namespace } from './namespace.js'

/** Sends raw frames out of one device. */
export interface Injector {
  /** Fulfilled when the kernel took the frame; throws when the device refused it. */
  readonly send: (frame: Buffer) => Promise<void>
  readonly close: () => Promise<void>
}

const child = fileURLToPath(new URL('./inject-child.js', import.meta.url))

/** Opens a device of the namespace for sending. */
export async function openInjector(namespace: Namespace, device: string): Promise<Injector> {
  const process_ = namespace.start([process.execPath, child, device])
  const answers: ((line: string) => void)[] = []
  const nextAnswer = () =>
    new Promise<string>((resolve, reject) => {
      answers.push(resolve)
      void process_.exited.then(() =>
        reject(new Error(`injector on ${device} in ${namespace.name}: ${process_.output()}`)),
      )
    })
  const ready = nextAnswer()
  process_.onLine((line) => answers.shift()?.(line))
  await ready
  return {
    send: async (frame) => {
      const answer = nextAnswer()
      process_.stdin.write(`${frame.toString('base64')}\n`)
      const line = await answer
      if (line !== 'sent') throw new Error(`${device} in ${namespace.name}: ${line}`)
    },
    close: async () => {
      await process_.stop('SIGKILL')
    },
  }
}
