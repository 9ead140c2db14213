import { fileURLToPath } from 'node:url'
import type { Namespace } from './namespace.js'

/** Sends raw frames out of one device. */
export interface Injector {
  /** Fulfilled when the kernel took the frame; throws when the device refused it. */
  readonly send: (frame: Buffer) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens a device of the namespace for sending. */
export async function openInjector(namespace: Namespace, device: string): Promise<Injector> {
  const sender = await openSender(namespace, 'inject-child.js', device)
  return { send: (frame) => sender.send(frame.toString('base64')), close: sender.close }
}

/** Sends UDP datagrams, headers and checksums as given, over the namespace's IPv4. */
export interface DatagramSender {
  /** Fulfilled when the kernel took it. */
  readonly send: (address: string, datagram: Buffer) => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens a raw socket of the namespace. */
export async function openDatagramSender(namespace: Namespace): Promise<DatagramSender> {
  const sender = await openSender(namespace, 'datagram-child.js')
  return { send: (address, datagram) => sender.send(`${address} ${datagram.toString('base64')}`), close: sender.close }
}

interface Sender {
  readonly send: (line: string) => Promise<void>
  readonly close: () => Promise<void>
}

async function openSender(namespace: Namespace, script: string, ...words: readonly string[]): Promise<Sender> {
  const child = fileURLToPath(new URL(`./${script}`, import.meta.url))
  const process_ = namespace.start([process.execPath, child, ...words])
  const answers: ((line: string) => void)[] = []
  const nextAnswer = () =>
    new Promise<string>((resolve, reject) => {
      answers.push(resolve)
      void process_.exited.then(() => reject(new Error(`${script} in ${namespace.name}: ${process_.output()}`)))
    })
  const ready = nextAnswer()
  process_.onLine((line) => answers.shift()?.(line))
  await ready
  return {
    send: async (line) => {
      const answer = nextAnswer()
      process_.stdin.write(`${line}\n`)
      const answered = await answer
      if (answered !== 'sent') throw new Error(`${script} in ${namespace.name}: ${answered}`)
    },
    close: async () => {
      await process_.stop('SIGKILL')
    },
  }
}
