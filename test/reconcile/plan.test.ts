import t from 'tap'
import type { AclSpec } from '../../src/datapath/datapath.js'
import { aclKey, bindingKey, type Forwarding } from '../../src/desired/forwarding.js'
import { applyPlan } from '../../src/reconcile/apply.js'
import { appliedFromSnapshot } from '../../src/reconcile/applied.js'
import { unknownList } from '../../src/reconcile/diff.js'
import { planChanges } from '../../src/reconcile/plan.js'
import type { AclRule } from '../../src/schema/acl-rule.js'
import type { Locator } from '../../src/schema/locator.js'
import { seededRandom } from '../lab/seeded-random.js'
import { generateForwarding } from './generate-forwarding.js'
import { wrongOnTheWay } from './on-the-way.js'
import { TableModel } from './table-model.js'

const empty: Forwarding = {
  ports: new Set(),
  switches: new Map(),
  bindings: new Map(),
  tunnels: new Map(),
  bfd: new Map(),
  remoteMacs: new Map(),
  neighbours: new Map(),
  floods: new Map(),
  floodedToMacs: new Set(),
  groups: new Map(),
  origins: new Map(),
  acls: new Map(),
}

/** To be compared as a whole: what the kernel gives back leaves out lists and tables that are empty. */
const withoutEmpty = (forwarding: Forwarding) => ({
  ...forwarding,
  remoteMacs: new Map(
    [...forwarding.remoteMacs].filter(([, macs]) => macs.size > 0).map(([id, macs]) => [id, new Map([...macs])]),
  ),
  neighbours: new Map([...forwarding.neighbours].filter(([, neighbours]) => neighbours.size > 0)),
  floods: new Map([...forwarding.floods].filter(([, list]) => list.length > 0)),
  floodedToMacs: new Set([...forwarding.floodedToMacs].filter((id) => forwarding.floods.get(id)?.length !== 0)),
})

/** The lists of entries that failed are left out, or left empty: nobody knows what they are. */
const whereKnown = (kernel: Forwarding, reached: Forwarding): Forwarding => {
  const known = <K>(lists: ReadonlyMap<K, readonly Locator[]>, believed: ReadonlyMap<K, readonly Locator[]>) =>
    new Map([...believed].map(([key, list]) => [key, list === unknownList ? unknownList : (lists.get(key) ?? [])]))
  return { ...kernel, floods: known(kernel.floods, reached.floods), groups: known(kernel.groups, reached.groups) }
}

t.test(
  'carrying out the plan makes any state into any other, and what is refused by the order of the calls never happens',
  (t) => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = seededRandom(seed)
      const model = new TableModel()
      let applied = empty
      for (let turn = 0; turn < 4; turn += 1) {
        const desired = generateForwarding(random)
        for (const step of planChanges(applied, desired)) {
          const { failures } = applyPlan(model, [step], applied, desired)
          t.same(failures, [], `seed ${seed}`)
          t.same(wrongOnTheWay(model, applied, desired), [], `seed ${seed}: after ${step.kind}`)
        }
        const kernel = withoutEmpty(appliedFromSnapshot(model.snapshot()))
        t.same(kernel, withoutEmpty(desired), `seed ${seed} turn ${turn}`)
        t.same(model.misledVnis(), [], 'each VNI leads to its logical switch')
        applied = turn % 2 === 0 ? desired : appliedFromSnapshot(model.snapshot())
      }
    }
    t.end()
  },
)

t.test('a plan for what is already there is empty', (t) => {
  const desired = generateForwarding(seededRandom(7))
  t.same(planChanges(desired, desired), [])
  t.same(planChanges(desired, { ...desired, switches: new Map(desired.switches) }), [])
  t.end()
})

t.test('what fails is known not to be as it was asked for, and the next pass plans just that', (t) => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = seededRandom(seed)
    const model = new TableModel()
    const first = generateForwarding(random)
    const second = generateForwarding(random)
    applyPlan(model, planChanges(empty, first), empty, first)

    model.refuse = () => random() < 0.2
    const reached = applyPlan(model, planChanges(first, second), first, second)
    const kernel = appliedFromSnapshot(model.snapshot())
    t.same(withoutEmpty(reached.applied), withoutEmpty(whereKnown(kernel, reached.applied)), `seed ${seed}`)

    model.refuse = () => false
    const repaired = applyPlan(model, planChanges(reached.applied, second), reached.applied, second)
    t.same(repaired.failures, [])
    t.same(withoutEmpty(appliedFromSnapshot(model.snapshot())), withoutEmpty(second), `seed ${seed}`)
    t.same(model.misledVnis(), [], 'each VNI leads to its logical switch')
  }
  t.end()
})

t.test('where an ACL did not fit it is planned anew, and removed, though it is the former one again', (t) => {
  const port = { ...empty, ports: new Set(['eth1']) }
  const withAcl = (...rules: readonly AclRule[]): Forwarding => {
    const acl = { netdev: 'eth1', vlan: 0, direction: 'ingress', rules } as unknown as AclSpec
    return { ...port, acls: new Map([[aclKey(acl.netdev, acl.vlan, acl.direction), acl]]) }
  }
  const former = withAcl({ action: 'permit', ethertype: 0x88b5 })
  const denyAll = withAcl({ action: 'deny' })
  const model = new TableModel()
  applyPlan(model, planChanges(empty, former), empty, former)
  model.refuse = () => true
  const { applied, failures } = applyPlan(model, planChanges(former, denyAll), former, denyAll)
  t.equal(failures.length, 1)
  for (const desired of [former, denyAll]) {
    t.same(planChanges(applied, desired), [{ kind: 'putAcls', entries: [...desired.acls.values()] }])
  }
  t.match(planChanges(applied, port), [{ kind: 'removeAcls', entries: [{ netdev: 'eth1' }] }])
  t.end()
})

t.test('a flood list that failed is planned anew though it is the former one again', (t) => {
  const desired = generateForwarding(seededRandom(3))
  const model = new TableModel()
  applyPlan(model, planChanges(empty, desired), empty, desired)
  const other = { ...desired, floods: new Map([...desired.floods].map(([id]) => [id, []])) }
  const plan = planChanges(desired, other)
  model.refuse = () => true
  const { applied, failures } = applyPlan(model, plan, desired, other)
  t.ok(failures.length > 0)
  t.same(
    planChanges(applied, desired).flatMap(({ kind, entries }) => (kind === 'putFloods' ? entries : [])).length,
    failures.length,
  )
  t.end()
})

t.test('a call that throws fails with its entries, and the other steps are carried out', (t) => {
  const desired = generateForwarding(seededRandom(3))
  const model = new TableModel()
  const broken = new Proxy(model, {
    get: (target, name) => {
      if (name === 'putFloods') {
        return () => {
          throw new Error('the kernel says no')
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const reached = applyPlan(broken, planChanges(empty, desired), empty, desired)
  t.equal(reached.failures.length, desired.floods.size)
  t.match(reached.failures[0], { code: 'kernel', message: 'the kernel says no' })
  t.ok([...reached.applied.floods.values()].every((list) => list === unknownList))
  t.same(reached.applied.bindings, desired.bindings)
  t.end()
})

t.test('a binding that moves to another logical switch is put once, without a removal', (t) => {
  const desired = generateForwarding(seededRandom(11))
  const [from, to] = [...desired.switches.keys()]
  if (from === undefined || to === undefined) throw new Error('the generator made too few switches')
  const binding = { netdev: 'eth1', vlan: 9, switchId: from } as never as Parameters<typeof moveTo>[0]
  const before: Forwarding = { ...desired, bindings: new Map([[bindingKey(binding.netdev, binding.vlan), binding]]) }
  const after: Forwarding = {
    ...desired,
    bindings: new Map([[bindingKey(binding.netdev, binding.vlan), moveTo(binding, to)]]),
  }
  t.same(planChanges(before, after), [{ kind: 'putBindings', entries: [moveTo(binding, to)] }])
  t.end()
})

type Binding = Forwarding['bindings'] extends ReadonlyMap<unknown, infer B> ? B : never
function moveTo(binding: Binding, switchId: Binding['switchId']): Binding {
  return { ...binding, switchId }
}
