import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeNamespace } from './namespace.js'

/** Something that outlives the process that made it. */
export type Remain =
  { readonly kind: 'namespace'; readonly name: string } | { readonly kind: 'directory'; readonly path: string }

/** The notes of one lab: what it made, written down before it is made, so that a crash forgets nothing. */
export interface Registry {
  readonly note: (remain: Remain) => void
  readonly close: () => void
}

const folder = '/run/vtepgw-lab'

/** Opens the notes of this process; several labs of one process each have their own file. */
export function openRegistry(labNumber: number): Registry {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${process.pid}-${startTime(process.pid) ?? 0}-${labNumber}`)
  return {
    note: (remain) => appendFileSync(file, `${JSON.stringify(remain)}\n`),
    close: () => rmSync(file, { force: true }),
  }
}

/** Removes what crashed labs left, and only that: a lab whose owner (process id and start time) lives is not touched. */
export async function removeRemains(): Promise<readonly Remain[]> {
  mkdirSync(folder, { recursive: true })
  const removed: Remain[] = []
  for (const name of readdirSync(folder)) {
    const [pid, started] = name.split('-')
    if (startTime(Number(pid)) === started) continue
    const remains = readNotes(join(folder, name))
    for (const remain of remains.reverse()) {
      await remove(remain)
      removed.push(remain)
    }
    rmSync(join(folder, name), { force: true })
  }
  return removed
}

function readNotes(file: string): Remain[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return [] // another run was faster
  }
  const lines = text.split('\n')
  lines.pop() // empty, or a line that the crash cut off: noted, but not yet made
  return lines.map((line) => JSON.parse(line) as Remain)
}

async function remove(remain: Remain): Promise<void> {
  if (remain.kind === 'namespace') return removeNamespace(remain.name)
  rmSync(remain.path, { recursive: true, force: true })
}

/** The kernel's start time of a process in clock ticks (proc(5), field 22); undefined when there is no such process. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
