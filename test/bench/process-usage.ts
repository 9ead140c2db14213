import { readdirSync, readFileSync } from 'node:fs'

/** Processor time that a process has used, all threads, in milliseconds (proc(5), stat: utime and stime in ticks of 10 ms). */
export function processorMs(pid: number): number {
  const [utime, stime] = statOf(pid).slice(11, 13)
  return (Number(utime) + Number(stime)) * 10
}

/** Resident memory in MB: now, and the most it ever was. */
export function memoryMb(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

/** The child of a process that runs a program; what supervises it in between is passed through. */
export function descendant(pid: number, program: string): number {
  const found = children(pid).find((child) => nameOf(child) === program)
  if (found !== undefined) return found
  for (const child of children(pid)) return descendant(child, program)
  throw new Error(`process ${pid} has no child ${program}`)
}

function children(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((other) => Number.isInteger(other) && parentOf(other) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(statOf(pid)[1])
  } catch {
    return undefined // it ended meanwhile
  }
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
}

/** The fields from the state on; the name before them may hold spaces. */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
