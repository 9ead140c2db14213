import type { Json } from '../../src/ovsdb/notation.js'
import { openLab } from '../lab/lab.js'
import { until } from '../lab/until.js'
import type { Background } from '../lab/background.js'
import { nowMs } from './arrivals.js'
import { median } from './measure.js'
import { descendant, memoryMb, processorMs } from './process-usage.js'
import { openRawController, type RawController } from './raw-controller.js'
import { bind, locator, locatorOf, logicalSwitch, macOf, moveMac, remoteMac } from './scale-rows.js'
import { collectResults, type Result, type Results } from './scale-results.js'
import { makeScaleSite, ports, type ScaleSite } from './scale-site.js'
import { timeForwarding } from './time-forwarding.js'

const batch = 20_000
const held = 100_000
const switches = 1_000
const moves = 40
const idleS = 60
const bigVni = 5_000
/** MACs that give each locator something to be named by. */
const anchorsFrom = 900_000

interface Stage {
  readonly site: ScaleSite
  readonly controller: RawController
  readonly results: Results
  /** Named by everything that follows. */
  readonly big: Json
  readonly many: readonly Json[]
  readonly single: Json
  readonly floodSet: Json
}

/** The scale table of the gateway in tc mode; each line is told as it comes, the longest part is a minute of nothing. */
export async function measureScale(tell: (line: string) => void): Promise<readonly Result[]> {
  const lab = await openLab()
  try {
    const site = await makeScaleSite(lab, 'tc')
    const vtepd = await site.gateway.start()
    const controller = await openRawController(site.gateway.database)
    lab.own(async () => controller.close())
    const stage = await prepare(site, controller, collectResults(tell))
    await holdMacs(stage)
    await moveMacs(stage, `one of ${held} MACs changed`)
    await holdBindings(stage)
    await moveMacs(stage, 'one MAC changed with all of it')
    await idle(stage, vtepd)
    controller.close()
    await restart(stage, vtepd)
    await stopSwitches(stage)
    return stage.results.all
  } finally {
    await lab.close()
  }
}

async function prepare(site: ScaleSite, controller: RawController, results: Results): Promise<Stage> {
  const { addresses, singleAddress, floodAddress } = site
  const all = [...addresses, singleAddress]
  const floodSet = ['named-uuid', 'flood_set']
  await controller.transact([
    ...[...all, floodAddress].map(locator),
    {
      op: 'insert',
      table: 'Physical_Locator_Set',
      'uuid-name': 'flood_set',
      row: { locators: ['set', [locatorOf(floodAddress)]] },
    },
    ...logicalSwitch('big', bigVni, floodSet),
    ...all.map((address, index) =>
      remoteMac(macOf(anchorsFrom + index), ['named-uuid', `ls_${bigVni}`], locatorOf(address)),
    ),
    bind('port1', [[0, ['named-uuid', `ls_${bigVni}`]]]),
  ])
  const rows = await controller.select('Physical_Locator', ['_uuid', 'dst_ip'])
  const at = (address: string) => rows.find(({ dst_ip }) => dst_ip === address)?._uuid as Json
  const [big] = await controller.select('Logical_Switch', ['_uuid'])
  const [set] = (await controller.select('Mcast_Macs_Remote', ['locator_set'])).map((row) => row.locator_set as Json)
  const stage: Stage = {
    site,
    controller,
    results,
    big: big?._uuid as Json,
    many: addresses.map(at),
    single: at(singleAddress),
    floodSet: set ?? null,
  }
  await timeForwarding(site.server, controller, [], [{ mac: macOf(anchorsFrom + addresses.length) }], site.single)
  return stage
}

/** Five transactions; the first and the last are told. */
async function holdMacs({ site, controller, results, big, many }: Stage): Promise<void> {
  for (let from = 0; from < held; from += batch) {
    const operations = Array.from({ length: batch }, (_, index) =>
      remoteMac(macOf(from + index), big, many[index % many.length] ?? null),
    )
    const probes = [0, batch / 2, batch - 1].map((index) => ({ mac: macOf(from + index) }))
    const timing = await timeForwarding(site.server, controller, operations, probes, site.many)
    if (from === 0) {
      results.add(`${batch} remote MACs in one transaction: all forward`, timing.sinceReplyMs, 'ms', 2_000)
      results.add('  before that, the transaction itself (ovsdb-server)', timing.transactionMs, 'ms')
    }
    if (from + batch === held)
      results.add(`  the last ${batch} of ${held}, the others held`, timing.sinceReplyMs, 'ms', 2_000)
  }
  const inKernel = async () =>
    (JSON.parse(await site.gateway.vtep('show', 'macs', 'remote', '--json')) as { remoteMacs: unknown[] }).remoteMacs
      .length
  await until(`${held} remote MACs to be in the kernel`, async () => (await inKernel()) === held + many.length + 1)
}

/** MACs all over the table move to another VTEP and back. */
async function moveMacs({ site, controller, results, many, single }: Stage, what: string): Promise<void> {
  const times: number[] = []
  for (let move = 0; move < moves; move += 2) {
    const mac = macOf((move * 2_477) % held)
    const there = await timeForwarding(site.server, controller, [moveMac(mac, single)], [{ mac }], site.single)
    const back = [moveMac(mac, many[move % many.length] ?? null)]
    times.push(there.sinceReplyMs)
    times.push((await timeForwarding(site.server, controller, back, [{ mac }], site.many)).sinceReplyMs)
  }
  results.add(`${what}: frames go to its new VTEP, median of ${moves}`, median(times), 'ms', 20)
  results.add('  the slowest', Math.max(...times), 'ms')
}

/** Each logical switch has a VLAN on every port, one remote MAC and an unknown-dst. */
async function holdBindings({ site, controller, results, single, floodSet }: Stage): Promise<void> {
  const numbers = Array.from({ length: switches }, (_, index) => index + 1)
  const idOf = (number: number): Json => ['named-uuid', `ls_${bigVni + number}`]
  const operations = [
    ...numbers.flatMap((number) => logicalSwitch(`ls${number}`, bigVni + number, floodSet)),
    ...numbers.map((number) => remoteMac(macOf(anchorsFrom + 1_000 + number), idOf(number), single)),
    ...ports.map((port) =>
      bind(
        port,
        numbers.map((number) => [number, idOf(number)]),
      ),
    ),
  ]
  const probes = [1, switches / 2, switches].map((vlan) => ({ mac: macOf(anchorsFrom + 1_000 + vlan), vlan }))
  const timing = await timeForwarding(site.server, controller, operations, probes, site.single)
  const bindings = switches * ports.length
  results.add(
    `${switches} logical switches, ${bindings} bindings in one transaction: all forward`,
    timing.sinceReplyMs,
    'ms',
  )
  await until('a row of statistics for each binding', async () => {
    const rows = await controller.select('Logical_Binding_Stats', ['_uuid'])
    return rows.length === bindings + 1
  })
}

async function idle({ controller, results }: Stage, vtepd: Background): Promise<void> {
  const server = descendant(vtepd.pid, 'ovsdb-server')
  // What the last change set going is over.
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const heard = await controller.watchEverything()
  const [ours, servers] = [processorMs(vtepd.pid), processorMs(server)]
  const begunMs = nowMs()
  await new Promise((resolve) => setTimeout(resolve, idleS * 1000))
  const elapsedMs = nowMs() - begunMs
  const share = (pid: number, before: number) => ((processorMs(pid) - before) / elapsedMs) * 100
  results.add(
    `idle with all of it for ${idleS} s: processor time of vtepd, of one core`,
    share(vtepd.pid, ours),
    '%',
    1,
  )
  results.add('  of ovsdb-server', share(server, servers), '%')
  results.add('  rows that a watcher of every table hears of', (heard().rows * 60_000) / elapsedMs, 'rows/min', 1)
  results.add('memory of vtepd with all of it', memoryMb(vtepd.pid).now, 'MB', 300)
  results.add('  at its peak', memoryMb(vtepd.pid).peak, 'MB')
  results.add('  of ovsdb-server', memoryMb(server).now, 'MB')
}

/** Forwarding goes on meanwhile; what counts is when the daemon follows the database again, and what it then needs. */
async function restart({ site, results }: Stage, vtepd: Background): Promise<void> {
  await vtepd.stop()
  const begunMs = nowMs()
  const next = await site.gateway.start()
  results.add('restart of vtepd with all of it, until in service', nowMs() - begunMs, 'ms')
  await new Promise((resolve) => setTimeout(resolve, 30_000))
  results.add('  memory of vtepd 30 s after that', memoryMb(next.pid).now, 'MB', 300)
  results.add('  at its peak', memoryMb(next.pid).peak, 'MB')
}

/** As OVN does when it ends: every key is emptied, in one transaction. The console answers when the daemon is through with it. */
async function stopSwitches({ site, results }: Stage): Promise<void> {
  const controller = await openRawController(site.gateway.database)
  const { repliedMs } = await controller.transact([
    { op: 'update', table: 'Logical_Switch', where: [['name', '!=', 'big']], row: { tunnel_key: ['set', []] } },
  ])
  await until('one binding to be left', async () => {
    const { bindings } = await site.gateway.show()
    return bindings.filter(({ state }) => state === 'forwarding').length === 1
  })
  results.add(`${switches} keys emptied in one transaction: nothing of it is left`, nowMs() - repliedMs, 'ms')
  controller.close()
}
