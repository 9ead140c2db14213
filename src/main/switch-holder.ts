import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { z } from 'zod'

const PATIENCE_MS = 1_000

/** The daemon that runs a switch in this network namespace. */
const switchHolder = z.object({ pid: z.int(), runDir: z.string() })

export type SwitchHolder = z.infer<typeof switchHolder>

/**
 * Where a daemon listens that runs the switch: an abstract socket belongs to the network namespace, as the kernel's tables do, and
 * leaves nothing behind on the disk.
 */
export function switchSocketPath(switchName: string): string {
  const digest = createHash('sha256').update(switchName).digest('hex').slice(0, 32)
  return `\0vtepd.switch.${digest}`
}

/** Who runs the switch here; undefined when nobody does, and `unknown` when somebody does who does not say. */
export function askSwitchHolder(switchName: string): Promise<SwitchHolder | 'unknown' | undefined> {
  return new Promise((answer) => {
    const socket = connect(switchSocketPath(switchName))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.setTimeout(PATIENCE_MS, () => {
      answer('unknown')
      socket.destroy()
    })
    socket.once('error', () => answer(undefined))
    socket.once('close', () => answer(readHolder(text)))
  })
}

/** For people: `vtepd with process id 4711 (run directory «/run/vtepd»)`. */
export function describeHolder(holder: SwitchHolder | 'unknown'): string {
  return holder === 'unknown' ? 'a vtepd' : `vtepd with process id ${holder.pid} (run directory «${holder.runDir}»)`
}

function readHolder(text: string): SwitchHolder | 'unknown' {
  try {
    return switchHolder.parse(JSON.parse(text))
  } catch {
    return 'unknown'
  }
}
