import { joinBlue } from '../e2e/join-blue.js'
import type { Host } from '../lab/host.js'
import type { Network } from '../lab/scene.js'
import type { Stage } from './scenario.js'

/** Logical switch blue with every server of the stage and a VM on every hypervisor, all within reach of each other. */
export function join(stage: Stage): Promise<{ readonly blue: Network; readonly vms: readonly Host[] }> {
  return joinBlue(stage, stage.gateway.patienceMs)
}
