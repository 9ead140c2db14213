import { readKernelTables } from '../fuzz/kernel-tables.js'
import { openCapture } from '../lab/capture.js'
import { broadcast, carries, marked, vxlanFrame } from '../lab/craft.js'
import { openInjector } from '../lab/injector.js'
import type { Scene } from '../lab/scene.js'
import { transact } from '../lab/transact.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { inEachMode, nth } from './stage.js'

/** Every VLAN there is, and untagged frames. */
const vlans = Array.from({ length: 4095 }, (_, vlan) => vlan)
/** Those at which frames are looked at. */
const probed = [0, 1, 2, 1023, 2048, 4093, 4094]
const vniOf = (vlan: number) => 10_000 + vlan
/** For a table of this size on a machine that does much else. */
const limitMs = 60_000

inEachMode('every VLAN of a port in a logical switch of its own', {}, async (t, scene) => {
  const { gateway, lab } = scene
  const [server, hypervisor] = [nth(scene.servers, 0), nth(scene.hypervisors, 0)]
  const facts = async (kind: string) =>
    (await readKernelTables(gateway.namespace, ['port1'])).filter((line) => line.startsWith(`${kind} `))
  const timed = async (what: string, act: () => Promise<unknown>) => {
    const began = performance.now()
    await act()
    t.comment(`${what}: ${(performance.now() - began).toFixed(0)} ms`)
  }

  await t.test('is in force after one transaction', async (t) => {
    await timed('the transaction', () => write(scene, bindAll(hypervisor.address)))
    await timed('until all forward, as the console sees it', () =>
      until('all to forward', async () => countForwarding(await gateway.vtep('show', 'bindings')) === 4095, limitMs),
    )
    const bound = (await facts('binding')).filter((line) => line.includes(' in '))
    t.same(
      bound.map((line) => line.split(' ').slice(0, 3).join(' ')),
      vlans.map((vlan) => `binding port1 ${vlan}`).sort(),
    )
    t.same(
      (await facts('vni')).map((line) => line.split(' ')[1]),
      vlans.map((vlan) => String(vniOf(vlan))).sort(),
    )
    t.equal(await scene.controller.ctl('get', 'Physical_Port', 'port1', 'port_fault_status'), '[]')
  })

  await t.test('carries the frames of each VLAN in its own VNI, both ways', async (t) => {
    const wire = await openCapture(server.namespace, 'eth0')
    const underlay = await openCapture(hypervisor.namespace, 'under', { filter: 'udp dst port 4789' })
    const fromServer = await openInjector(server.namespace, 'eth0')
    const fromHypervisor = await openInjector(hypervisor.namespace, 'under')
    for (const tool of [wire, underlay, fromServer, fromHypervisor]) lab.own(tool.close)
    const tunnel = {
      destinationMac: await deviceMac(gateway.namespace, 'under'),
      sourceMac: await deviceMac(hypervisor.namespace, 'under'),
      source: hypervisor.address,
      destination: gateway.tunnelIp,
    }
    for (const vlan of probed) {
      const tags = vlan === 0 ? [] : [{ tpid: 0x8100, vid: vlan }]
      await fromServer.send(marked(`up ${vlan}`, { destination: broadcast, source: server.mac, tags }))
      const up = await underlay.until(`VLAN ${vlan}`, ({ bytes }) => carries(bytes, `up ${vlan}`))
      t.same([up.vxlan?.vni, up.vxlan?.inner.tags], [vniOf(vlan), []])
      const inner = marked(`down ${vlan}`, { destination: server.mac, source: '02:00:00:00:0a:0a' })
      await fromHypervisor.send(vxlanFrame({ ...tunnel, vni: vniOf(vlan), inner }))
      t.same((await wire.until(`VLAN ${vlan}`, ({ bytes }) => carries(bytes, `down ${vlan}`))).tags, tags)
    }
  })

  await t.test('has statistics for each, and can be looked at', async (t) => {
    await timed('until all have statistics', () =>
      until('statistics', async () => (await stats(scene)).length === 4095, limitMs),
    )
    await until(
      'the frames to be counted',
      async () => (await stats(scene)).filter((row) => row.packets_to_local === 1).length === probed.length,
      limitMs,
    )
    await timed('vtep show', async () => {
      const shown = await gateway.vtep('show')
      t.match(shown, /^ {2}faults: +none$/m)
      t.equal(shown.match(/^ {2}port1 +(untagged|\d+) +ls\d+ +\d+ {2}forwarding$/gm)?.length, 4095)
    })
  })

  await t.test('is gone after one transaction', async (t) => {
    const unbind = { op: 'update', table: 'Physical_Port', where: [['name', '==', 'port1']] }
    await write(scene, [{ ...unbind, row: { vlan_bindings: ['map', []] } }])
    await timed('until nothing is bound', () =>
      until('nothing bound', async () => (await facts('binding')).length === 0, limitMs),
    )
    t.same([...(await facts('switch')), ...(await facts('vni')), ...(await facts('flood'))], [])
    await until('no statistics', async () => (await stats(scene)).length === 0, limitMs)
    const local = await scene.controller.ctl('--columns=_uuid', 'list', 'Ucast_Macs_Local')
    t.equal(local, '', 'the MACs that were learned are withdrawn')
  })
})

/** A logical switch for each VLAN, bound on port1; those that are probed flood to one VTEP. */
function bindAll(vtep: string): readonly object[] {
  return [
    {
      op: 'insert',
      table: 'Physical_Locator',
      'uuid-name': 'vtep',
      row: { encapsulation_type: 'vxlan_over_ipv4', dst_ip: vtep },
    },
    {
      op: 'insert',
      table: 'Physical_Locator_Set',
      'uuid-name': 'set',
      row: { locators: ['named-uuid', 'vtep'] },
    },
    ...vlans.map((vlan) => ({
      op: 'insert',
      table: 'Logical_Switch',
      'uuid-name': `ls${vlan}`,
      row: { name: `ls${vlan}`, tunnel_key: vniOf(vlan), replication_mode: 'source_node' },
    })),
    ...probed.map((vlan) => ({
      op: 'insert',
      table: 'Mcast_Macs_Remote',
      row: { MAC: 'unknown-dst', logical_switch: ['named-uuid', `ls${vlan}`], locator_set: ['named-uuid', 'set'] },
    })),
    {
      op: 'update',
      table: 'Physical_Port',
      where: [['name', '==', 'port1']],
      row: { vlan_bindings: ['map', vlans.map((vlan) => [vlan, ['named-uuid', `ls${vlan}`]])] },
    },
  ]
}

async function write({ gateway }: Scene, operations: readonly object[]): Promise<void> {
  const results = (await transact(gateway.database, ...operations)) as ({ error?: string } | null)[]
  const refusal = results.find((result) => result?.error !== undefined)
  if (refusal !== undefined) throw new Error(`the server refused: ${JSON.stringify(refusal)}`)
}

/** With `_uuid`, since rows that look alike in the columns selected are one to the server. */
async function stats({ gateway }: Scene): Promise<readonly { readonly packets_to_local: number }[]> {
  const select = { op: 'select', table: 'Logical_Binding_Stats', where: [], columns: ['_uuid', 'packets_to_local'] }
  const [answer] = (await transact(gateway.database, select)) as { rows: { packets_to_local: number }[] }[]
  return answer?.rows ?? []
}

function countForwarding(listing: string): number {
  return listing.match(/ forwarding$/gm)?.length ?? 0
}
