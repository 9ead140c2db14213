import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Capture, openCapture } from '../lab/capture.js'
import { broadcast, carries, marked, vxlanFrame } from '../lab/craft.js'
import { openInjector } from '../lab/injector.js'
import { arrivals, type NumberedStream, startStream, untilCarried } from '../lab/numbered-stream.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { joinBlue } from './join-blue.js'
import { type Manner, moveFlood, moveMac } from './locator-moves.js'
import { inEachMode, nth } from './stage.js'

/** The place of a hypervisor, as the test sees and plays it. */
interface Vtep {
  readonly address: string
  readonly capture: Capture
  readonly send: (text: string) => Promise<void>
}

const manners: readonly Manner[] = ['in place', 'as another row']
const rounds = 5

inEachMode('another locator under traffic', { hypervisors: 2 }, async (t, scene) => {
  const { gateway, lab } = scene
  const { database } = gateway
  const server = nth(scene.servers, 0)
  const { vms } = await joinBlue(scene)
  const vm = nth(vms, 0)
  // Nothing else is behind the second VTEP.
  await scene.controller.ctl('del-ucast-remote', 'blue', nth(vms, 1).mac)
  const fromServer = await openInjector(server.namespace, 'eth0')
  const atServer = await openCapture(server.namespace, 'eth0')
  for (const tool of [fromServer, atServer]) lab.own(tool.close)
  const filter = `udp dst port 4789 and src host ${gateway.tunnelIp}`
  const destinationMac = await deviceMac(gateway.namespace, 'under')
  const vteps = await Promise.all(
    scene.hypervisors.map(async ({ namespace, address }) => {
      const [injector, capture] = [
        await openInjector(namespace, 'under'),
        await openCapture(namespace, 'under', { filter }),
      ]
      for (const tool of [injector, capture]) lab.own(tool.close)
      const headers = {
        destinationMac,
        sourceMac: await deviceMac(namespace, 'under'),
        source: address,
        destination: gateway.tunnelIp,
      }
      const send = (text: string) => {
        const inner = marked(text, { destination: server.mac, source: vm.mac })
        return injector.send(vxlanFrame({ ...headers, vni: 5001, inner }))
      }
      return { address, capture, send }
    }),
  )
  const [here, there] = [nth(vteps, 0), nth(vteps, 1)]
  const stream = (name: string, give: (text: string) => Promise<void>) => {
    // The kernel holds some 270 frames for a next hop that is not resolved yet, and drops the rest.
    const started = startStream(name, async (text) => {
      await give(text)
      await setTimeout(1)
    })
    lab.own(started.stop)
    return started
  }
  const send = (text: string, destination: string) => fromServer.send(marked(text, { destination, source: server.mac }))

  let fences = 0
  /** Places the VM's MAC, and waits until frames to it go there. */
  const place = async ({ address, capture }: Vtep, manner: Manner = 'in place') => {
    const fence = `fence ${++fences}`
    await moveMac(database, vm.mac, address, manner)
    await until(`the VM to be at ${address}`, async () => {
      await send(fence, vm.mac)
      return capture.matching(({ bytes }) => carries(bytes, fence)).length > 0
    })
  }
  const assertOnce = (t: Test, copies: readonly number[], what: string) => {
    t.same(new Set(copies), new Set([1]), `${copies.length} frames ${what}, each once`)
  }
  /** Asserts that each frame of a stream of the server came to one of the two VTEPs, and some to either. */
  const assertShared = async (t: Test, name: string, sent: NumberedStream) => {
    const count = await sent.stop()
    for (const vtep of vteps) await place(vtep)
    const at = ({ capture }: Vtep) => arrivals(capture, name, count, () => true)
    const [a, b] = [at(here), at(there)]
    t.ok(a.includes(1) && b.includes(1), 'both VTEPs got some')
    const together = a.map((times, number) => times + (b[number] ?? 0))
    assertOnce(t, together, name)
  }
  const follows = (name: string, sent: NumberedStream, capture: Capture) => {
    const seen = () => capture.matching(({ bytes }) => bytes.includes(`<${name} `)).length
    const before = seen()
    return until(`${name} to follow`, async () => {
      await sent.more(1)
      return seen() > before + 5
    })
  }

  for (const manner of manners) {
    await t.test(`of a MAC's row, ${manner}: both ways every frame arrives once`, async (t) => {
      const name = `known ${manner}`
      await place(here, manner)
      const up = stream(name, (text) => send(text, vm.mac))
      // The VM may speak from either place while it moves, and both are VTEPs of its logical switch.
      let turns = 0
      const down = stream(`back ${name}`, (text) => nth(vteps, turns++ % 2).send(text))
      for (let round = 0; round < rounds; round++) {
        for (const { address, capture } of [there, here]) {
          await moveMac(database, vm.mac, address, manner)
          await follows(name, up, capture)
        }
      }
      await assertShared(t, name, up)
      const sent = await down.stop()
      for (const vtep of vteps) {
        const fence = `back ${name} from ${vtep.address}`
        await vtep.send(fence)
        await untilCarried(atServer, fence)
      }
      assertOnce(
        t,
        arrivals(atServer, `back ${name}`, sent, () => true),
        'from the VM',
      )
      t.ok(turns > rounds)
    })
  }

  for (const manner of manners) {
    await t.test(`of unknown-dst, ${manner}: every broadcast arrives once, and no unicast is lost`, async (t) => {
      const [name, beside] = [`flooded ${manner}`, `beside ${manner}`]
      await moveFlood(database, here.address, manner)
      await until('one VTEP in the list', async () => (await floodList()) === here.address)
      // The MAC is behind the VTEP that comes and goes in the list.
      await place(here, manner)
      const flooded = stream(name, (text) => send(text, broadcast))
      const known = stream(beside, (text) => send(text, vm.mac))
      const down = stream(`back ${name}`, (text) => here.send(text))
      for (let round = 0; round < rounds; round++) {
        for (const { address, capture } of [there, here]) {
          await moveFlood(database, address, manner)
          await follows(name, flooded, capture)
        }
      }
      const sentBeside = await known.stop()
      const sentBack = await down.stop()
      await assertShared(t, name, flooded)
      assertOnce(
        t,
        arrivals(here.capture, beside, sentBeside, () => true),
        'to the VM',
      )
      await here.send(`back ${name} end`)
      await untilCarried(atServer, `back ${name} end`)
      assertOnce(
        t,
        arrivals(atServer, `back ${name}`, sentBack, () => true),
        'from the VM',
      )
    })
  }

  for (const manner of manners) {
    await t.test(
      `that makes the first frame to a VTEP and takes the last, ${manner}: every frame arrives once`,
      async (t) => {
        const name = `cold ${manner}`
        await place(here, manner)
        await moveFlood(database, here.address, manner)
        await until('one tunnel', async () => (await tunnels()) === here.address)
        const up = stream(name, (text) => send(text, vm.mac))
        for (let round = 0; round < rounds; round++) {
          await gateway.namespace.attempt(['ip', 'neigh', 'del', there.address, 'dev', 'under'])
          await moveMac(database, vm.mac, there.address, manner)
          await follows(name, up, there.capture)
          await moveMac(database, vm.mac, here.address, manner)
          await follows(name, up, here.capture)
          await until('one tunnel', async () => (await tunnels()) === here.address)
        }
        await assertShared(t, name, up)
        t.equal(await scene.controller.ctl('get', 'Physical_Switch', gateway.name, 'switch_fault_status'), '[]')
      },
    )
  }

  async function floodList(): Promise<string | undefined> {
    return (await gateway.show()).logicalSwitches.map(({ floodList }) => floodList.join())[0]
  }

  async function tunnels(): Promise<string> {
    return (await gateway.show()).tunnels.map(({ remote }) => remote).join()
  }
})
