import { bindAcl, egress, ingress } from '../lab/acl-rows.js'
import { forgetNeighbours, ping, reach } from '../lab/host.js'
import { until } from '../lab/until.js'
import { openInquiry } from './inquiry.js'
import { joinBlue } from './join-blue.js'
import { giveAddress, untilStates } from './neighbour-rows.js'
import { inEachMode, nth } from './stage.js'

/** Of a station that nobody is, so that only the gateway can answer. */
const [ghost, ghostAddress] = ['02:00:00:00:00:c8', '10.0.0.200']
const arp = 'ethertype=0x0806'
const icmp6 = (type: number) => ['protocol=58', `icmp_type=${type}`]

const places = { servers: [{ port: 'port1' }, { port: 'port2' }] }

inEachMode('an ACL and questions that the gateway could answer', places, async (t, scene) => {
  const { gateway, controller } = scene
  const [server, other] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const vm = nth((await joinBlue(scene)).vms, 0)
  const { outcomeOf, wasSolicited } = await openInquiry(scene, server, [other, vm])
  const answered = () => gateway.counted('neighbour_answered')
  const denied = () => gateway.dropped('acl_denied')
  await giveAddress(scene, ghost, ghostAddress)
  await giveAddress(scene, vm.mac, vm.address6)
  await untilStates(scene, { [ghostAddress]: 'answered', [vm.address6]: 'answered' })
  t.same(await outcomeOf(ghostAddress), { heard: [], isAnswered: true })

  const inForce = (ingressRules: number, egressRules: number) =>
    until('the ACL to be in force', async () => {
      const [acl] = (await gateway.show()).acls
      return acl?.ingress === ingressRules && acl.egress === egressRules
    })

  await t.test('one that denies the question: it is neither answered nor flooded', async (t) => {
    await bindAcl(controller, 'port1', 0, ingress('deny', 1, arp), ingress('deny', 2, ...icmp6(135)))
    await inForce(2, 0)
    const before = await denied()
    t.same(await outcomeOf(ghostAddress), { heard: [], isAnswered: false })
    t.ok((await denied()) > before)
    const [deniedArp, count] = [await denied(), await answered()]
    await forgetNeighbours(server)
    t.notOk(await ping(server, vm.address6))
    t.ok((await denied()) > deniedArp)
    t.equal(await answered(), count)
    t.notOk(wasSolicited(vm.address6))
  })

  await t.test('on one port is no matter of another', async (t) => {
    const count = await answered()
    await forgetNeighbours(other)
    await reach(other, vm.address6)
    t.ok((await answered()) > count)
  })

  await t.test('one that denies the answer: there is none, and the question is not flooded in its place', async (t) => {
    await bindAcl(controller, 'port1', 0, egress('deny', 1, arp), egress('deny', 2, ...icmp6(136)))
    await inForce(0, 2)
    const before = await denied()
    t.same(await outcomeOf(ghostAddress), { heard: [], isAnswered: false })
    t.ok((await denied()) > before)
    const count = await answered()
    await forgetNeighbours(server)
    t.notOk(await ping(server, vm.address6))
    t.equal(await answered(), count)
    t.notOk(wasSolicited(vm.address6))
  })

  await t.test('that is gone leaves them as they were', async (t) => {
    await controller.ctl('clear', 'Physical_Port', 'port1', 'acl_bindings')
    await until('the ACL to be gone', async () => (await gateway.show()).acls.length === 0)
    t.same(await outcomeOf(ghostAddress), { heard: [], isAnswered: true })
    await forgetNeighbours(server)
    await reach(server, vm.address6)
  })
})
