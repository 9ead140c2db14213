import { awaitMode } from '../lab/carriers.js'
import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import type { VlanTag } from '../lab/frame.js'
import { type Host, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import type { Lab } from '../lab/lab.js'
import { until } from '../lab/until.js'
import { inEachMode, nth } from './stage.js'

const dot1q = 0x8100
const options = {
  servers: [{ port: 'port1', vlan: 10 }, { port: 'port1', vlan: 20 }, { port: 'port2', vlan: 30 }, { port: 'port2' }],
}

/** Tags inside the tag of a binding: VLANs that are bound on the same port and on the other, and what else a tag can say. */
const innerTags: readonly (readonly [what: string, tag: VlanTag])[] = [
  ['VLAN 20, which is bound beside it', { tpid: dot1q, vid: 20 }],
  ['VLAN 10, which is its own', { tpid: dot1q, vid: 10 }],
  ['VLAN 30, which is bound on the other port', { tpid: dot1q, vid: 30 }],
  ['VLAN 77 with priority 5 and the drop bit', { tpid: dot1q, vid: (5 << 13) | (1 << 12) | 77 }],
  ['a provider tag of VLAN 20', { tpid: 0x88a8, vid: 20 }],
]

inEachMode('frames with two tags', options, async (t, scene, mode) => {
  const { gateway, lab } = scene
  const blue = await scene.network('blue', 5001)
  const red = await scene.network('red', 5002)
  await blue.bind('port1', 10)
  await red.bind('port1', 20)
  await blue.bind('port2', 30)
  await red.bind('port2')
  const [blueVm, redVm] = [await openEnd(lab, await blue.vm()), await openEnd(lab, await red.vm())]
  const [ten, twenty] = [await openEnd(lab, nth(scene.servers, 0)), await openEnd(lab, nth(scene.servers, 1))]
  const [thirty, untagged] = [await openEnd(lab, nth(scene.servers, 2)), await openEnd(lab, nth(scene.servers, 3))]
  for (const [from, to] of [
    [ten, blueVm],
    [twenty, redVm],
    [untagged, redVm],
    [ten, thirty],
  ] as const)
    await reach(from.host, to.host.address)
  await awaitMode(gateway, mode)
  const ways = (to: End) => [['unicast', to.host.mac] as const, ['broadcast', broadcast] as const]

  for (const [what, tag] of innerTags) {
    await t.test(`pass VLAN 10 byte for byte when the inner tag says ${what}`, async (t) => {
      for (const [way, destination] of ways(blueVm)) {
        const text = `up ${way} ${what}`
        const frame = await ten.send(text, { destination, tags: [tag] })
        t.same(await blueVm.arrived(text), frame, text)
      }
      for (const [way, destination] of ways(ten)) {
        const text = `down ${way} ${what}`
        const frame = await blueVm.send(text, { destination, tags: [tag] })
        t.same(await ten.arrived(text), inVlan(10, frame), text)
      }
      for (const [way, destination] of ways(thirty)) {
        const text = `across ${way} ${what}`
        const frame = await ten.send(text, { destination, tags: [tag] })
        t.same(await thirty.arrived(text), inVlan(30, frame), text)
      }
    })
  }

  await t.test('and reach nobody in the logical switch that the inner tag means on that port', async (t) => {
    await ten.send('fence to blue', { destination: broadcast, tags: [] })
    await blueVm.arrived('fence to blue')
    await twenty.send('fence to red', { destination: broadcast, tags: [] })
    await redVm.arrived('fence to red')
    t.same(redVm.textsOf(/<(up|down|across) /), [])
    // A switch that knows no VLANs stands before the port, and shows every server what is meant for the others.
    t.same(twenty.textsOf(/<(up|down|across) /, 20), [])
    t.same(untagged.textsOf(/<(up|down|across) /, undefined), [])
  })

  await t.test('are not untagged ones because the outer tag says no VLAN: dropped and counted', async (t) => {
    const before = await gateway.dropped('inner_vlan')
    for (const [way, destination] of ways(redVm)) {
      for (const [, tag] of innerTags)
        await untagged.send(`hidden ${way}`, { destination, tags: [{ tpid: dot1q, vid: 0 }, tag] })
    }
    const expected = before + 2 * innerTags.length
    await until('the drops', async () => (await gateway.dropped('inner_vlan')) >= expected)
    await untagged.send('fence behind', { destination: broadcast, tags: [] })
    await redVm.arrived('fence behind')
    t.same(redVm.textsOf(/<hidden /), [])
    t.equal(await gateway.dropped('inner_vlan'), expected)
  })

  await t.test('do not leave by the untagged binding, where the tag would mean another one', async (t) => {
    const before = await gateway.dropped('inner_vlan')
    for (const tags of [
      [{ tpid: dot1q, vid: 30 }],
      [
        { tpid: dot1q, vid: 30 },
        { tpid: dot1q, vid: 20 },
      ],
    ]) {
      for (const [way, destination] of ways(untagged))
        await redVm.send(`hop ${way} ${tags.length}`, { destination, tags })
    }
    await until('the drops', async () => (await gateway.dropped('inner_vlan')) >= before + 4)
    await redVm.send('fence to the server', { destination: untagged.host.mac, tags: [] })
    await untagged.arrived('fence to the server')
    t.same(untagged.textsOf(/<hop /), [])
    t.equal(await gateway.dropped('inner_vlan'), before + 4)
    for (const count of [1, 2]) t.ok(await twenty.arrived(`hop broadcast ${count}`), 'the tagged binding has it')
  })
})

/** A host's device: what it sends, and what its wire shows. */
interface End {
  readonly host: Host
  /** Sends from the host's MAC, through its own VLAN where it is in one; returns the frame as it was given to the device. */
  readonly send: (text: string, parts: { destination: string; tags: readonly VlanTag[] }) => Promise<Buffer>
  /** The first frame with the text that came from elsewhere. */
  readonly arrived: (text: string) => Promise<Buffer>
  /** Texts that match, of the frames whose outer tag is of this VLAN; default: of all. */
  readonly textsOf: (pattern: RegExp, ...vlan: readonly (number | undefined)[]) => readonly string[]
}

async function openEnd(lab: Lab, host: Host): Promise<End> {
  const injector = await openInjector(host.namespace, host.device)
  const capture = await openCapture(host.namespace, host.device)
  lab.own(injector.close)
  lab.own(capture.close)
  return {
    host,
    send: async (text, parts) => {
      const frame = marked(text, { source: host.mac, length: 100, ...parts })
      await injector.send(frame)
      return frame
    },
    arrived: async (text) => {
      const frame = await capture.until(text, ({ bytes, source }) => carries(bytes, text) && source !== host.mac)
      return frame.bytes
    },
    textsOf: (pattern, ...vlans) =>
      capture
        .matching(({ tags }) => vlans.length === 0 || vlans.includes(tags[0]?.vid))
        .flatMap(({ bytes }) => (pattern.test(bytes.toString('latin1')) ? [bytes.toString('latin1')] : [])),
  }
}

/** The frame with a tag of this VLAN around whatever tags it has. */
function inVlan(vlan: number, frame: Buffer): Buffer {
  return Buffer.concat([frame.subarray(0, 12), Buffer.from([0x81, 0, vlan >> 8, vlan & 0xff]), frame.subarray(12)])
}
