import type { Host } from '../lab/host.js'
import { exchangeTcp } from '../lab/tcp.js'
import { join } from './join.js'
import { scenario, type Stage } from './scenario.js'
import { openSpot, type Spot } from './spot.js'

const columns = ['packets_from_local', 'bytes_from_local', 'packets_to_local', 'bytes_to_local'] as const
type Statistics = Record<(typeof columns)[number], number>

scenario('A18', 'Logical_Binding_Stats of a binding', {}, async (t, stage) => {
  const { vms } = await join(stage)
  const up = await openSpot(stage.lab, stage.servers[0]!)
  const down = await openSpot(stage.lab, vms[0]!)

  await t.test('count exactly the frames and bytes of both directions', async (t) => {
    for (const { host } of [up, down]) await silence(host)
    const before = await baseline(stage, up, down)
    const send = async (from: Spot, to: Spot, count: number, length: number, text: string) => {
      for (let copy = 1; copy <= count; copy++) await from.send(`${text} ${copy}`, { to: to.host.mac, length })
      await to.until(`${text} ${count}`)
    }
    await send(up, down, 10, 100, 'short up')
    await send(up, down, 7, 1464, 'long up')
    await send(down, up, 13, 200, 'short down')
    await send(down, up, 5, 1464, 'long down')
    const expected = {
      packets_from_local: before.packets_from_local + 17,
      bytes_from_local: before.bytes_from_local + 10 * 100 + 7 * 1464,
      packets_to_local: before.packets_to_local + 18,
      bytes_to_local: before.bytes_to_local + 13 * 200 + 5 * 1464,
    }
    await stage.eventually('the statistics to be published', async () => {
      const now = await statistics(stage)
      return columns.every((column) => (now?.[column] ?? 0) >= expected[column])
    })
    t.same(await statistics(stage), expected)
  })

  await t.test('count every segment of a TCP transfer', async (t) => {
    for (const { host } of [up, down]) await host.namespace.ip('link set eth0 arp on')
    const before = (await statistics(stage))!
    const amount = 4 * 1024 * 1024
    await exchangeTcp(up.host.namespace, down.host.namespace, down.host.address, { amount })
    const least = Math.ceil(amount / 1410)
    await stage.eventually('the statistics to be published', async () => {
      const now = await statistics(stage)
      return (['packets_from_local', 'packets_to_local'] as const).every(
        (column) => (now?.[column] ?? 0) - before[column] >= least,
      )
    })
    t.pass(`at least ${least} packets each way`)
  })
})

async function statistics({ controller }: Stage): Promise<Statistics | undefined> {
  const words = ['--format=json', `--columns=${columns.join(',')}`, 'list', 'Logical_Binding_Stats']
  const { headings, data } = JSON.parse(await controller.ctl(...words)) as { headings: string[]; data: number[][] }
  const [row] = data
  return row && (Object.fromEntries(headings.map((heading, index) => [heading, row[index]])) as Statistics)
}

/** What the database says once all that was before is in it: a frame of each direction, the last of all, shows in every column. */
async function baseline(stage: Stage, up: Spot, down: Spot): Promise<Statistics> {
  const earlier = await stage.eventually('a Logical_Binding_Stats row', () => statistics(stage))
  await up.send('last up', { to: down.host.mac })
  await down.send('last down', { to: up.host.mac })
  await Promise.all([down.until('last up'), up.until('last down')])
  return stage.eventually('the last frames to be published', async () => {
    const now = await statistics(stage)
    return now !== undefined && columns.every((column) => now[column] > earlier[column]) && now
  })
}

/** Keeps the host's own chatter (neighbour and multicast reports) out of the count. */
async function silence(host: Host): Promise<void> {
  await host.namespace.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'])
  await host.namespace.ip('link set eth0 arp off')
}
