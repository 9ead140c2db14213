import type { Datapath, Failure, FailureCode } from '../datapath/datapath.js'
import type { Forwarding } from '../desired/forwarding.js'
import type { Step } from './plan.js'
import { reachedState } from './reached-state.js'

/** One entry that is not as planned, and why. */
export interface StepFailure {
  readonly step: Step
  /** Into the step's entries. */
  readonly index: number
  readonly code: FailureCode
  readonly message: string
}

/** Where `applyPlan` got to. */
export interface Reached {
  readonly applied: Forwarding
  readonly failures: readonly StepFailure[]
}

/**
 * Carries out a plan, and answers what the kernel then has: `desired`, but for the entries that failed. Most of them are as they were;
 * of a list that names a tunnel which is not there the rest is served, and where an ACL does not fit nothing passes.
 * A call that throws fails with all its entries, and the steps after it go on: each is worth having by itself, and the next pass
 * plans the rest again.
 */
export function applyPlan(
  datapath: Datapath,
  plan: readonly Step[],
  applied: Forwarding,
  desired: Forwarding,
): Reached {
  const failures: StepFailure[] = []
  const failed = new Map<Step, Map<number, FailureCode>>()
  for (const step of plan) {
    const stepFailures = attempt(datapath, step)
    if (stepFailures.length === 0) continue
    failed.set(step, new Map(stepFailures.map(({ index, code }) => [index, code])))
    for (const { index, code, message } of stepFailures) failures.push({ step, index, code, message })
  }
  if (failures.length === 0) return { applied: desired, failures }
  return { applied: reachedState(applied, plan, (step, index) => failed.get(step)?.get(index)), failures }
}

function attempt(datapath: Datapath, step: Step): readonly Failure[] {
  try {
    return call(datapath, step)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return step.entries.map((_, index) => ({ index, code: 'kernel', message }))
  }
}

function call(datapath: Datapath, step: Step): readonly Failure[] {
  switch (step.kind) {
    case 'putPorts':
      return datapath.putPorts(step.entries)
    case 'removePorts':
      return datapath.removePorts(step.entries.map(({ netdev }) => netdev))
    case 'putSwitches':
      return datapath.putSwitches(step.entries)
    case 'removeSwitches':
      return datapath.removeSwitches(step.entries.map(({ id }) => id))
    case 'putTunnels':
      return datapath.putTunnels(step.entries)
    case 'removeTunnels':
      return datapath.removeTunnels(step.entries.map(({ remoteIp }) => remoteIp))
    case 'putBfd':
      return datapath.putBfd(step.entries)
    case 'removeBfd':
      return datapath.removeBfd(step.entries.map(({ remoteIp }) => remoteIp))
    case 'putBindings':
      return datapath.putBindings(step.entries)
    case 'removeBindings':
      return datapath.removeBindings(step.entries)
    case 'putRemoteMacs':
      return datapath.putRemoteMacs(step.entries)
    case 'removeRemoteMacs':
      return datapath.removeRemoteMacs(step.entries)
    case 'putNeighbours':
      return datapath.putNeighbours(step.entries)
    case 'removeNeighbours':
      return datapath.removeNeighbours(step.entries)
    case 'putFloods':
      return datapath.putFloods(step.entries)
    case 'putGroups':
      return datapath.putGroups(step.entries)
    case 'removeGroups':
      return datapath.removeGroups(step.entries)
    case 'putOrigins':
      return datapath.putOrigins(step.entries)
    case 'removeOrigins':
      return datapath.removeOrigins(step.entries.map(({ locator }) => locator))
    case 'putAcls':
      return datapath.putAcls(step.entries)
    case 'removeAcls':
      return datapath.removeAcls(step.entries.map(({ netdev, vlan, direction }) => ({ netdev, vlan, direction })))
  }
}
