import { type Capture, openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import { openInjector } from '../lab/injector.js'
import type { Lab } from '../lab/lab.js'
import { startOvsdbServer } from '../lab/ovsdb-server.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { joinBlue } from './join-blue.js'
import { inEachMode, nth } from './stage.js'

const options = { servers: [{ port: 'port1' }, { port: 'port2' }], ovsdb: serveDatabase }

inEachMode("a server's MAC that the controller says is remote", options, async (t, scene) => {
  const { controller, gateway, lab } = scene
  const [server, other] = [nth(scene.servers, 0), nth(scene.servers, 1)]
  const hypervisor = nth(scene.hypervisors, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  const fromServer = await openInjector(server.namespace, 'eth0')
  const fromOther = await openInjector(other.namespace, 'eth0')
  const atServer = await openCapture(server.namespace, 'eth0')
  const atOther = await openCapture(other.namespace, 'eth0')
  const atHypervisor = await openCapture(hypervisor.namespace, 'under', { filter: `src host ${gateway.tunnelIp}` })
  for (const tool of [fromServer, fromOther, atServer, atOther, atHypervisor]) lab.own(tool.close)
  const speak = (text: string) => fromServer.send(marked(text, { destination: broadcast, source: server.mac }))
  const listed = async () =>
    (await controller.ctl('list-local-macs', 'blue')).split('\n').filter((line) => line.includes(server.mac)).length
  const refused = () => gateway.counted('remote_mac_on_access')

  /** Asserts where a frame for the MAC goes, and that it goes nowhere else. */
  let frames = 0
  const assertPlace = async (there: Capture, elsewhere: Capture) => {
    const text = `for the server ${++frames}`
    await fromOther.send(marked(text, { destination: server.mac, source: other.mac }))
    await there.until(text, (frame) => carries(frame.bytes, text))
    await fromOther.send(marked(`behind ${text}`, { destination: broadcast, source: other.mac }))
    await elsewhere.until('the fence', (frame) => carries(frame.bytes, `behind ${text}`))
    t.same(
      elsewhere.matching((frame) => carries(frame.bytes, text)),
      [],
    )
  }

  await until('the server to be published', async () => (await listed()) === 1)
  await assertPlace(atServer, atHypervisor)

  await t.test('is withdrawn, refused, counted and shown while the row is there', async (t) => {
    await controller.remoteMac('blue', server.mac, hypervisor.address)
    await until('the local row to go', async () => (await listed()) === 0)
    const before = await refused()
    for (const text of ['one', 'two', 'three']) await speak(text)
    await until('three to be counted', async () => (await refused()) >= before + 3)
    t.match(await gateway.vtep('show', 'counters'), /remote_mac_on_access/)
    t.match(scene.vtepd.output(), new RegExp(`"mac":"${server.mac}".*"event":"remote_mac_on_access"`))
    const { localMacs, remoteMacs } = await gateway.show()
    t.notOk(localMacs.some(({ mac }) => mac === server.mac))
    t.match(
      remoteMacs.filter(({ mac }) => mac === server.mac),
      [{ vtep: hypervisor.address }],
    )
    await assertPlace(atHypervisor, atServer)
    t.equal(await listed(), 0)
  })

  for (const time of ['is learned and published once the row goes', 'so it is each time']) {
    await t.test(time, async (t) => {
      const before = await refused()
      await controller.ctl('del-ucast-remote', 'blue', server.mac)
      // It keeps speaking, so it is refused until the row is gone and learned with its next frame.
      await until('the server to be published', async () => {
        await speak('here')
        return (await listed()) === 1
      })
      const after = await refused()
      await speak('known')
      await assertPlace(atServer, atHypervisor)
      t.equal(await refused(), after, 'nothing is refused any more')
      t.ok(after >= before)
      t.match(
        (await gateway.show()).localMacs.filter(({ mac }) => mac === server.mac),
        [{ port: 'port1' }],
      )
      await exchangeTcp(server.namespace, vm.namespace, vm.address)
      await controller.remoteMac('blue', server.mac, hypervisor.address)
      await until('the local row to go', async () => (await listed()) === 0)
      await assertPlace(atHypervisor, atServer)
    })
  }

  await t.test('is learned by the next daemon where the row went while none ran', async (t) => {
    await speak('refused')
    await scene.vtepd.stop('SIGKILL')
    await controller.ctl('del-ucast-remote', 'blue', server.mac)
    await speak('refused by the kernel still')
    await gateway.start()
    await until('the server to be published', async () => {
      await speak('here again')
      return (await listed()) === 1
    })
    t.equal(await listed(), 1)
    await assertPlace(atServer, atHypervisor)
  })
})

/** One that stays while vtepd is away. */
async function serveDatabase(lab: Lab): Promise<string> {
  const server = await startOvsdbServer()
  lab.own(server.close)
  return `unix:${server.socket}`
}
