import type { Test } from 'tap'
import type { Stage } from './scenario.js'

/**
 * Asserts that so many frames were counted as dropped since `before`, what `drops` said: exactly, and for that reason, where the subject
 * tells reasons; ovs-vtep tells none.
 */
export async function assertDropped(
  t: Test,
  { gateway, eventually }: Stage,
  reason: string,
  before: number,
  count: number,
): Promise<void> {
  const counted = async () => (await gateway.drops(reason)) - before
  await eventually(`${count} drops`, async () => (await counted()) >= count)
  if (gateway.subject === 'ovs-vtep') t.pass('counted')
  else t.equal(await counted(), count, `for ${reason}, and no other frame was`)
}
