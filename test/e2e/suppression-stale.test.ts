import { reach } from '../lab/host.js'
import type { Lab } from '../lab/lab.js'
import { startStream } from '../lab/numbered-stream.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import type { Scene } from '../lab/scene.js'
import { until } from '../lab/until.js'
import { openInquiry } from './inquiry.js'
import { joinBlue } from './join-blue.js'
import { giveAddress, rowsWith, untilStates } from './neighbour-rows.js'
import { inEachMode, nth } from './stage.js'

/** Of stations that nobody is, so that only the gateway can answer. */
const [ghost, heir] = ['02:00:00:00:00:c8', '02:00:00:00:00:c9']
const [ghostAddress, laterAddress] = ['10.0.0.200', '10.0.0.201']

const options = { servers: [{ port: 'port1' }, { port: 'port2' }], ovsdb: serveDatabase }

inEachMode('addresses for which the gateway is not to answer', options, async (t, scene) => {
  const { gateway, controller } = scene
  const [server, other] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const vm = nth((await joinBlue(scene)).vms, 0)
  const { ask, outcomeOf, answerers } = await openInquiry(scene, server, [other, vm])
  const flooded = { heard: [other.namespace.name, vm.namespace.name], isAnswered: false }
  const answered = { heard: [], isAnswered: true }
  await giveAddress(scene, ghost, ghostAddress)
  await untilStates(scene, { [ghostAddress]: 'answered' })
  t.same(await outcomeOf(ghostAddress), answered)

  /** The server asks for the other one, which answers for itself. */
  const assertAnswersItself = async () => {
    const before = answerers(other.address).length
    t.same(await outcomeOf(other.address), flooded)
    await until('its own answer', () => Promise.resolve(answerers(other.address).length > before))
    t.same(new Set(answerers(other.address).slice(before)), new Set([other.mac]))
  }

  await t.test('that of a server, whatever the controller said of it before', async (t) => {
    const row = await giveAddress(scene, other.mac, other.address)
    await untilStates(scene, { [ghostAddress]: 'answered', [other.address]: 'answered' })
    t.match(await outcomeOf(other.address), { isAnswered: true }, 'the controller says that it is remote')
    await controller.ctl('destroy', 'Ucast_Macs_Remote', row)
    await untilStates(scene, { [ghostAddress]: 'answered' })
    await reach(other, vm.address)
    await assertAnswersItself()
  })

  await t.test('that of a server that the controller places behind this gateway', async (t) => {
    const row = await giveAddress(scene, other.mac, other.address)
    await controller.ctl('set', 'Ucast_Macs_Remote', row, `locator=${await ownLocator(scene)}`)
    await until('it not to be answered for', async () =>
      (await gateway.show()).neighbours.every(
        ({ address, state }) => address !== other.address || state !== 'answered',
      ),
    )
    await reach(other, vm.address)
    await assertAnswersItself()
    t.match(await controller.ctl('list-local-macs', 'blue'), other.mac)
    await controller.ctl('destroy', 'Ucast_Macs_Remote', row)
    await untilStates(scene, { [ghostAddress]: 'answered' })
  })

  await t.test('that a row had before it was changed', async (t) => {
    const row = await rowsWith(scene, ghostAddress)
    await controller.ctl('set', 'Ucast_Macs_Remote', row, `ipaddr="${laterAddress}"`)
    await untilStates(scene, { [laterAddress]: 'answered' })
    t.same(await outcomeOf(laterAddress), answered)
    t.same(await outcomeOf(ghostAddress), flooded)
    await controller.ctl('set', 'Ucast_Macs_Remote', row, `ipaddr="${ghostAddress}"`)
    await untilStates(scene, { [ghostAddress]: 'answered' })
  })

  await t.test('in the name of the MAC that had it before: no old answer follows a new one', async (t) => {
    const before = answerers(ghostAddress).length
    const questions = startStream('questions', () => ask(ghostAddress))
    scene.lab.own(questions.stop)
    const names = () => answerers(ghostAddress).slice(before)
    await until('the first answer', () => Promise.resolve(names().length > 0))
    const owners = [ghost, heir, ghost, heir, ghost, heir, ghost]
    for (const owner of owners.slice(1)) {
      await handOver(scene, ghostAddress, owner)
      await until(`an answer in the name of ${owner}`, () => Promise.resolve(names().at(-1) === owner))
      await questions.more(50)
    }
    await questions.stop()
    const turns = names().filter((name, index, all) => name !== all[index - 1])
    t.same(turns, owners, `${names().length} answers`)
  })

  await t.test('that of another logical switch', async (t) => {
    await controller.addSwitch('red', 5002)
    await controller.rebind('port1', 0, 'red')
    await until('the binding', async () =>
      (await gateway.show()).bindings.some(({ port, logicalSwitch }) => port === 'port1' && logicalSwitch === 'red'),
    )
    const unanswered = await gateway.counted('neighbour_answered')
    const lost = await gateway.dropped('no_destination')
    // The first teaches where the server is.
    for (let time = 0; time < 3; time++) await ask(ghostAddress)
    await until(
      'the questions to have nowhere to go',
      async () => (await gateway.dropped('no_destination')) >= lost + 3,
    )
    t.equal(await gateway.counted('neighbour_answered'), unanswered)
    await controller.rebind('port1', 0, 'blue')
    await reach(server, vm.address)
    t.same(await outcomeOf(ghostAddress), answered)
  })

  await t.test('whose row went while no daemon ran', async (t) => {
    await scene.vtepd.stop('SIGKILL')
    await controller.ctl('destroy', 'Ucast_Macs_Remote', await rowsWith(scene, ghostAddress))
    await gateway.start()
    await untilStates(scene, {})
    t.same(await outcomeOf(ghostAddress), flooded)
  })
})

/** Gives an address to another MAC behind the same VTEP, in one transaction. */
async function handOver(scene: Scene, address: string, mac: string): Promise<void> {
  const { controller } = scene
  const row = await rowsWith(scene, address)
  const [logicalSwitch, locator] = await Promise.all(
    ['logical_switch', 'locator'].map((column) => controller.ctl('get', 'Ucast_Macs_Remote', row, column)),
  )
  await controller.ctl(
    ...['destroy', 'Ucast_Macs_Remote', row, '--', 'create', 'Ucast_Macs_Remote'],
    ...[`MAC="${mac}"`, `ipaddr="${address}"`, `logical_switch=${logicalSwitch}`, `locator=${locator}`],
  )
}

function ownLocator({ controller, gateway }: Scene): Promise<string> {
  return controller.ctl('--bare', '--columns=_uuid', 'find', 'Physical_Locator', `dst_ip="${gateway.tunnelIp}"`)
}

/** One that stays while vtepd is away. */
async function serveDatabase(lab: Lab): Promise<string> {
  const server = await startOvsdbServer()
  lab.own(server.close)
  return `unix:${server.socket}`
}
