import { readFileSync } from 'node:fs'

/** A process, told apart from a later one that got the same number by the time it started. */
export interface ProcessIdentity {
  readonly pid: number
  /** In clock ticks since the machine booted: field 22 of /proc/PID/stat, proc(5). */
  readonly startTicks: string
}

/** The process that now has this number, or undefined when none has or it is a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid)
  const [state, startTicks] = [fields?.[0], fields?.[19]]
  return startTicks === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startTicks }
}

/** What a process does (`D`: it waits for a disk) and how long it has used a processor, in clock ticks. */
export function processUse(pid: number): { readonly state: string; readonly ticks: number } | undefined {
  const [state, user, system] = [0, 11, 12].map((index) => statFields(pid)?.[index])
  return state === undefined ? undefined : { state, ticks: Number(user) + Number(system) }
}

/** proc_pid_stat(5), from the third field on. */
function statFields(pid: number): readonly string[] | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`)
  // The second field is the command's name in parentheses and may itself hold spaces and parentheses.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTicks === identity.startTicks
}

/** The arguments of a process, or undefined when there is none. */
export function commandLine(pid: number): readonly string[] | undefined {
  return readOrUndefined(`/proc/${pid}/cmdline`)?.split('\0').slice(0, -1)
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
