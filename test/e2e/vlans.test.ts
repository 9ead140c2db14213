import { assertCarrier, awaitMode, carriedDuring } from '../lab/carriers.js'
import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked } from '../lab/craft.js'
import type { Frame } from '../lab/frame.js'
import { ping, reach } from '../lab/host.js'
import { openInjector } from '../lab/injector.js'
import { exchangeTcp } from '../lab/tcp.js'
import { until } from '../lab/until.js'
import { inEachMode, nth } from './stage.js'

const dot1q = 0x8100
const dot1ad = 0x88a8
const stranger = '02:00:00:00:09:09'

inEachMode(
  'a trunk with VLAN 10 in one logical switch and untagged frames in another',
  trunk(),
  async (t, scene, mode) => {
    const tagged = nth(scene.servers, 0)
    const untagged = nth(scene.servers, 1)
    const blue = await scene.network('blue', 5001)
    const red = await scene.network('red', 5002)
    await blue.bind('port1', 10)
    await red.bind('port1')
    const blueVm = await blue.vm()
    const redVm = await red.vm()
    await reach(tagged, blueVm.address)
    await reach(untagged, redVm.address)
    await awaitMode(scene.gateway, mode)

    const access = await openInjector(untagged.namespace, 'eth0')
    const wire = await openCapture(untagged.namespace, 'eth0')
    const atBlue = await openCapture(blueVm.namespace, 'eth0')
    const atRed = await openCapture(redVm.namespace, 'eth0')
    const fromBlue = await openInjector(blueVm.namespace, 'eth0')
    const fromRed = await openInjector(redVm.namespace, 'eth0')
    for (const tool of [access, wire, atBlue, atRed, fromBlue, fromRed]) scene.lab.own(tool.close)
    const vids = (frame: Frame) => frame.tags.map((tag) => tag.vid)

    /** Frames keep their order on their way, so once this one has arrived a frame sent before it has not been taken. */
    const fence = async (name: string) => {
      await access.send(marked(`fence ${name}`, { destination: broadcast, source: stranger }))
      await atRed.until('the fence', (frame) => carries(frame.bytes, `fence ${name}`))
      await access.send(
        marked(`fence ${name} 10`, { destination: broadcast, source: stranger, tags: [{ tpid: dot1q, vid: 10 }] }),
      )
      await atBlue.until('the fence on VLAN 10', (frame) => carries(frame.bytes, `fence ${name} 10`))
    }

    await t.test('each server exchanges TCP with the VM of its own logical switch', async (t) => {
      const carried = await carriedDuring(scene.gateway, () =>
        exchangeTcp(tagged.namespace, blueVm.namespace, blueVm.address),
      )
      assertCarrier(t, mode, carried, mode === 'xdp' ? 2000 : 50)
      await exchangeTcp(blueVm.namespace, tagged.namespace, tagged.address6)
      await exchangeTcp(untagged.namespace, redVm.namespace, redVm.address)
      await exchangeTcp(redVm.namespace, untagged.namespace, untagged.address6)
    })

    await t.test('and reaches none of the other', async (t) => {
      t.notOk(await ping(untagged, blueVm.address))
      t.notOk(await ping(redVm, tagged.address))
    })

    for (const vid of [20, 999]) {
      await t.test(`frames of VLAN ${vid}, which is not bound, are dropped and counted`, async (t) => {
        const before = await scene.gateway.dropped('unbound_vlan')
        for (const copy of [1, 2, 3])
          await access.send(
            marked(`vlan ${vid} ${copy}`, { destination: broadcast, source: stranger, tags: [{ tpid: dot1q, vid }] }),
          )
        await fence(`vlan ${vid}`)
        for (const capture of [atBlue, atRed])
          t.same(
            capture.matching((frame) => frame.bytes.includes(`<vlan ${vid} `)),
            [],
          )
        t.equal(await scene.gateway.dropped('unbound_vlan'), before + 3)
      })
    }

    await t.test('the untagged binding takes priority-tagged frames and removes the tag', async (t) => {
      await access.send(
        marked('priority', { destination: broadcast, source: stranger, tags: [{ tpid: dot1q, vid: 0 }] }),
      )
      const taken = await atRed.until('the frame', (frame) => carries(frame.bytes, 'priority'))
      t.same(taken.tags, [])
    })

    await t.test('an inner tag passes the tagged binding intact in both directions', async (t) => {
      await access.send(
        marked('q out', {
          destination: broadcast,
          source: stranger,
          tags: [
            { tpid: dot1q, vid: 10 },
            { tpid: dot1q, vid: 77 },
          ],
        }),
      )
      t.same(vids(await atBlue.until('the frame at the VM', (frame) => carries(frame.bytes, 'q out'))), [77])
      await fromBlue.send(
        marked('q in', { destination: broadcast, source: blueVm.mac, tags: [{ tpid: dot1q, vid: 77 }] }),
      )
      t.same(vids(await wire.until('the frame at the server', (frame) => carries(frame.bytes, 'q in'))), [10, 77])
    })

    await t.test('a frame that still has a tag does not leave by the untagged binding', async (t) => {
      const before = await scene.gateway.dropped('inner_vlan')
      await fromRed.send(marked('hop', { destination: broadcast, source: redVm.mac, tags: [{ tpid: dot1q, vid: 10 }] }))
      await fromRed.send(marked('after hop', { destination: broadcast, source: redVm.mac }))
      await wire.until('the frame behind it', (frame) => carries(frame.bytes, 'after hop'))
      t.same(
        wire.matching((frame) => carries(frame.bytes, 'hop')),
        [],
      )
      t.equal(await scene.gateway.dropped('inner_vlan'), before + 1)
    })

    await t.test('a provider tag (802.1ad) is dropped and counted', async (t) => {
      const before = await scene.gateway.dropped('unsupported_tag')
      await access.send(
        marked('provider', { destination: broadcast, source: stranger, tags: [{ tpid: dot1ad, vid: 10 }] }),
      )
      await until('the drop to be counted', async () => (await scene.gateway.dropped('unsupported_tag')) === before + 1)
      await fence('provider')
      for (const capture of [atBlue, atRed])
        t.same(
          capture.matching((frame) => carries(frame.bytes, 'provider')),
          [],
        )
    })
  },
)

function trunk() {
  return { servers: [{ port: 'port1', vlan: 10 }, { port: 'port1' }] }
}
