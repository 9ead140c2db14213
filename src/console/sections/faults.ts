import { z } from 'zod'
import { section } from '../section.js'
import { table } from '../table.js'
import type { View } from '../view.js'

/** Refused rows beyond this many are only counted: a controller may write garbage by the thousand. */
const LISTED_REFUSALS = 200

const schema = z.object({
  /** Rows, or parts of them, that are not served, and why; `fault` is the key in the fault column. */
  refused: z.array(
    z.object({ table: z.string(), row: z.string(), subject: z.string(), reason: z.string(), fault: z.string() }),
  ),
  /** Those that are not listed included. */
  refusedCount: z.int(),
  /** What the kernel did not take. */
  failed: z.array(z.object({ subject: z.string(), reason: z.string(), fault: z.string() })),
})

type Faults = z.infer<typeof schema>

/** Each cause of a fault, for people. */
export const faults = section({ schema, build, print })

function build({ desired, impairments }: View): Faults {
  const refusals = desired?.refusals ?? []
  return {
    refused: refusals
      .slice(0, LISTED_REFUSALS)
      .map(({ table, row, subject, reason, fault }) => ({ table, row, subject, reason, fault: fault.key })),
    refusedCount: refusals.length,
    failed: impairments.map(({ subject, reason, fault }) => ({ subject, reason, fault: fault.key })),
  }
}

function print({ failed, refused, refusedCount }: Faults): string {
  const parts: string[] = []
  if (failed.length > 0) {
    const columns = [{ heading: 'FAULT' }, { heading: 'NOT TAKEN BY THE KERNEL' }, { heading: 'WHY' }]
    const rows = failed.map(({ fault, subject, reason }) => [fault, subject, reason])
    parts.push(table(columns, rows, ''))
  }
  if (refusedCount > 0) {
    const columns = [{ heading: 'FAULT' }, { heading: 'TABLE' }, { heading: 'NOT SERVED' }, { heading: 'WHY' }]
    const rows = refused.map((item) => [item.fault, item.table, item.subject, item.reason])
    const unlisted = refusedCount - refused.length
    parts.push(table(columns, rows, '') + (unlisted > 0 ? `  and ${unlisted} more\n` : ''))
  }
  return parts.length === 0 ? '  none\n' : parts.join('\n')
}
