import { fileURLToPath } from 'node:url'
import type { Namespace } from '../lab/namespace.js'

/** A VTEP that tells when frames arrive at it. */
export interface Arrivals {
  /** When the first frame to the MAC came that came after `sinceMs`; undefined: none yet. Milliseconds of the monotonic clock. */
  readonly first: (mac: string, sinceMs: number) => number | undefined
}

/** Milliseconds of the monotonic clock, which all processes share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Listens on the VXLAN port of the namespace until that is removed. */
export async function listenForFrames(namespace: Namespace): Promise<Arrivals> {
  const child = fileURLToPath(new URL('./arrivals-child.js', import.meta.url))
  const process_ = namespace.start([process.execPath, child])
  const times = new Map<string, number[]>()
  await new Promise<void>((resolve, reject) => {
    void process_.exited.then(() => reject(new Error(`${namespace.name}: ${process_.output()}`)))
    process_.onLine((line) => {
      const [time = '', mac] = line.split(' ')
      if (mac === undefined) resolve()
      else times.set(mac, [...(times.get(mac) ?? []), Number(time) / 1e6])
    })
  })
  return { first: (mac, sinceMs) => times.get(mac)?.find((time) => time >= sinceMs) }
}
