import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const runRecord = z.object({
  pid: z.int(),
  startTicks: z.string(),
  switchName: z.string(),
  /** Network namespace, as /proc/self/ns/net names it. */
  netns: z.string(),
})

/**
 * Who runs, or last ran, in a run directory. It stays when the daemon ends, as the kernel's tables do: `vtep datapath detach`
 * learns from it whose they are.
 */
export type RunRecord = z.infer<typeof runRecord>

export function runRecordPath(runDir: string): string {
  return join(runDir, 'vtepd.json')
}

/** The record, or undefined when there is none that can be read. */
export function readRunRecord(runDir: string): RunRecord | undefined {
  try {
    return runRecord.parse(JSON.parse(readFileSync(runRecordPath(runDir), 'utf8')))
  } catch {
    return undefined
  }
}

/** The network namespace of this process. */
export function ownNetns(): string {
  return readlinkSync('/proc/self/ns/net')
}
