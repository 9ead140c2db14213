import type { Test } from 'tap'
import { type HoldingRelay, openHoldingRelay } from '../lab/holding-relay.js'
import { reach } from '../lab/host.js'
import type { Lab } from '../lab/lab.js'
import { type OvsdbServer, startOvsdbServer } from '../lab/ovsdb-server.js'
import type { Scene } from '../lab/scene.js'
import { exchangeTcp } from '../lab/tcp.js'
import { commit, transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { repeatedRows } from './database-uuids.js'
import { inEachMode, nth } from './stage.js'

const freeRounds = 40
const longestLeadMs = 6
/** A group whose row is how the controller refers to the locator. */
const group = '01:00:5e:01:02:03'

let server: OvsdbServer | undefined
let relay: HoldingRelay | undefined

inEachMode('a locator that both sides make', { ovsdb: serveBehindRelay }, async (t, scene) => {
  const { gateway } = scene
  const direct = `unix:${server?.socket}`
  const host = nth(scene.servers, 0)
  const blue = await scene.network('blue', 5001)
  const hypervisor = nth(scene.hypervisors, 0)
  const vm = await blue.vm()
  const logicalSwitch = (await scene.controller.ctl('get', 'Logical_Switch', 'blue', '_uuid')).trim()
  const own = { encapsulation_type: 'vxlan_over_ipv4', dst_ip: gateway.tunnelIp }
  const bindings = (mutator: 'insert' | 'delete', value: unknown) =>
    commit(direct, {
      op: 'mutate',
      table: 'Physical_Port',
      where: [['name', '==', 'port1']],
      mutations: [['vlan_bindings', mutator, value]],
    })
  const bind = () => bindings('insert', ['map', [[0, ['uuid', logicalSwitch]]]])
  /** Takes away what names a VTEP too: its Tunnel row would keep our locator. */
  const unbind = async () => {
    await bindings('delete', ['set', [0]])
    await scene.controller.ctl('clear-remote-macs', 'blue')
    await until(
      'nothing of ours to be left',
      async () => (await localRows()) + (await select('Tunnel')).length === 0 && (await ownLocators()).length === 0,
    )
  }
  /** As a controller does that names every VTEP of a logical switch, this one too. */
  const makeLocator = async () => {
    const [uuid] = await commit(
      direct,
      { op: 'insert', table: 'Physical_Locator', 'uuid-name': 'own', row: own },
      { op: 'insert', table: 'Physical_Locator_Set', 'uuid-name': 'set', row: { locators: ['named-uuid', 'own'] } },
      {
        op: 'insert',
        table: 'Mcast_Macs_Remote',
        row: { MAC: group, logical_switch: ['uuid', logicalSwitch], locator_set: ['named-uuid', 'set'] },
      },
    )
    return uuid
  }
  const dropLocator = () => commit(direct, { op: 'delete', table: 'Mcast_Macs_Remote', where: [['MAC', '==', group]] })
  const select = async (table: string, where: readonly unknown[] = []) => {
    const found = (await transact(direct, { op: 'select', table, where, columns: ['_uuid'] })) as Selected[]
    return nth(found, 0).rows.map(({ _uuid: [, uuid] }) => uuid)
  }
  const ownLocators = () => select('Physical_Locator', [['dst_ip', '==', gateway.tunnelIp]])
  const localRows = async () => (await select('Mcast_Macs_Local')).length + (await select('Ucast_Macs_Local')).length
  const published = () => until('the local row', async () => (await localRows()) > 0)

  /** Holds back what the daemon writes once the port is bound, and lets somebody else be first. */
  const overtake = async (isMeant: (text: string) => boolean, act: () => Promise<unknown>) => {
    const hold = relay?.hold((text) => text.includes('"op":"assert"') && isMeant(text))
    await bind()
    await hold?.kept
    await act()
    hold?.release()
    await published()
  }
  const insertsLocator = (text: string) =>
    (JSON.parse(text) as { params: { op?: string; table?: string }[] }).params.some(
      ({ op, table }) => op === 'insert' && table === 'Physical_Locator',
    )

  await unbind()
  await t.test('by the controller first: the daemon is refused, and shares the row', async (t) => {
    for (let round = 1; round <= 3; round++) {
      let made: string | undefined
      await overtake(insertsLocator, async () => (made = await makeLocator()))
      t.equal(refusals(scene, 'constraint violation').length, round)
      t.same(await ownLocators(), [made], 'one locator, which is that of the controller')
      await assertServed(t)
      await unbind()
    }
    t.match(refusals(scene, 'constraint violation')[0], { code: 'constraint violation', pauseMs: 20 })
  })

  await t.test('and the controller takes away: the daemon is refused, and makes its own', async (t) => {
    for (let round = 1; round <= 3; round++) {
      const taken = await makeLocator()
      await overtake((text) => !insertsLocator(text), dropLocator)
      t.equal(refusals(scene, 'referential integrity violation').length, round)
      const locators = await ownLocators()
      t.equal(locators.length, 1)
      t.not(locators[0], taken)
      await assertServed(t)
      await unbind()
    }
  })

  await t.test('whoever is first', async (t) => {
    const before = refusals(scene, 'constraint violation').length
    let daemonFirst = 0
    for (let round = 0; round < freeRounds; round++) {
      const bound = bind()
      await new Promise((resolve) => setTimeout(resolve, (round / freeRounds) * longestLeadMs))
      await makeLocator().catch((error: unknown) => {
        if (!String(error).includes('constraint violation')) throw error
        daemonFirst += 1
      })
      await bound
      await published()
      const locators = await ownLocators()
      t.equal(locators.length, 1, `round ${round}`)
      t.same(await repeatedRows(direct), [])
      await unbind()
    }
    const daemonRefused = refusals(scene, 'constraint violation').length - before
    t.comment(
      `${freeRounds} rounds: the controller was refused ${daemonFirst} times, the daemon ${daemonRefused} times`,
    )
    await bind()
    await assertServed(t)
  })

  async function assertServed(t: Test): Promise<void> {
    await scene.controller.remoteMac('blue', vm.mac, hypervisor.address)
    await scene.controller.flood('blue', hypervisor.address)
    await reach(host, vm.address)
    await until('the server to be published', async () => (await select('Ucast_Macs_Local')).length === 1)
    await exchangeTcp(host.namespace, vm.namespace, vm.address, { amount: 100_000 })
    t.same(await repeatedRows(direct), [])
    t.equal((await ownLocators()).length, 1)
    t.equal((await gateway.show()).status.database.publishError, null)
  }
})

type Selected = { readonly rows: readonly { readonly _uuid: readonly [string, string] }[] }

/** What the daemon says in its log of transactions that the database refused so. */
function refusals({ vtepd }: Scene, code: string): readonly Readonly<Record<string, unknown>>[] {
  return vtepd
    .output()
    .split('\n')
    .filter((line) => line.includes('"event":"publish_refused"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((event) => event.code === code)
}

async function serveBehindRelay(lab: Lab): Promise<string> {
  server = await startOvsdbServer()
  lab.own(server.close)
  relay = await openHoldingRelay(server.socket)
  lab.own(relay.close)
  return relay.endpoint
}
