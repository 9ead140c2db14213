import { table } from '../../src/console/table.js'
import type { Lab } from '../lab/lab.js'
import { openScene, type Scene } from '../lab/scene.js'
import { until } from '../lab/until.js'
import { deviceMac } from '../lab/wire.js'
import { type Load, type LoadEnd, openLoad, openShunt, type Pattern } from './load.js'
import { median } from './measure.js'
import { gatewayPlace, KERNEL_PLACE, kernelPlace, type Place } from './place.js'
import { searchRate } from './search-rate.js'

const VNI = 5001
const STATIONS = 64
const ROUNDS = 3
const TRIAL_MS = 300
/** Frame lengths with check sequence: the least and the largest that an underlay of 1600 bytes takes. */
const LENGTHS = [64, 512, 1518] as const

type Direction = 'server to VTEP' | 'VTEP to server'

/** One kind of frames in one direction. */
interface Case {
  readonly direction: Direction
  readonly length: number
}

/** What stands between the ends, and what came of it. */
export interface RateRow extends Case {
  readonly place: string
  /** Non-drop rate, in frames a second (RFC 2544 section 26.1). */
  readonly rate: number
  /** What a frame cost the processor at full load, both ends included, in nanoseconds. */
  readonly cost: number
}

/**
 * Rates of short and long frames through this gateway (XDP, tc), the kernel's bridge and vxlan device, and a bare redirect, in turn
 * between the same ends: the kernel makes the frames at one (BPF_PROG_TEST_RUN with live frames) and drops them at the other.
 */
export async function measureRates(say: (text: string) => void): Promise<readonly RateRow[]> {
  const scene = await openScene({ mode: 'xdp', mtu: 1600 })
  try {
    const stations = await populate(scene)
    const ends = await endsOf(scene)
    const places: readonly Place[] = [
      shuntPlace(scene, ends),
      gatewayPlace(scene, 'xdp'),
      gatewayPlace(scene, 'tc'),
      kernelPlace(scene, VNI, stations),
    ]
    const samples: RateRow[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      for (const place of places) {
        const leave = await place.take()
        for (const one of casesOf()) samples.push(await measureCase(scene, ends, place, one))
        await leave()
      }
      say(`round ${round} of ${ROUNDS} is measured`)
    }
    return mediansOf(samples)
  } finally {
    await scene.lab.close()
  }
}

/** Tells the controller's part: one untagged binding, and remote stations behind the hypervisor. */
async function populate(scene: Scene): Promise<ReadonlyMap<string, string>> {
  const { controller, hypervisors } = scene
  const vtep = hypervisors[0]?.address ?? ''
  const stations = new Map(Array.from({ length: STATIONS }, (_, number) => [stationMac(0x0b, number), vtep] as const))
  await controller.addSwitch('blue', VNI)
  await controller.bind('port1', 0, 'blue')
  await controller.flood('blue', vtep)
  await controller.ctl(...[...stations].flatMap(([mac, at]) => ['--', 'add-ucast-remote', 'blue', mac, at]).slice(1))
  await scene.vtepd.stop()
  await scene.gateway.vtep('datapath', 'detach')
  return stations
}

/** As native/loadgen/src/frames.rs numbers them: 0x0a local, 0x0b remote. */
function stationMac(kind: number, number: number): string {
  const bytes = [0x02, 0, kind, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

interface Ends {
  readonly server: LoadEnd
  /** The far end of the gateway's underlay cable. */
  readonly fabric: LoadEnd
  readonly underlay: Pattern['side'] & { readonly kind: 'underlay' }
}

async function endsOf(scene: Scene): Promise<Ends> {
  const [server] = scene.servers
  const [hypervisor] = scene.hypervisors
  if (server === undefined || hypervisor === undefined) throw new Error('the scene has no ends')
  const { attachment, namespace, tunnelIp } = scene.gateway
  // A veth takes what XDP redirects to its peer only where it polls.
  for (const device of ['port1', attachment.device]) await namespace.run(['ethtool', '-K', device, 'gro', 'on'])
  const mac = await deviceMac(namespace, attachment.device)
  return {
    server: { namespace: server.namespace, device: server.device },
    fabric: { namespace: scene.underlay.namespace, device: attachment.farDevice },
    underlay: {
      kind: 'underlay',
      gatewayMac: mac.split(':').map((byte) => Number.parseInt(byte, 16)),
      gatewayIp: tunnelIp,
      vtepIp: hypervisor.address,
      firstVni: VNI,
      isTagged: false,
    },
  }
}

function casesOf(): readonly Case[] {
  return LENGTHS.flatMap((length) => [
    { direction: 'server to VTEP' as const, length },
    { direction: 'VTEP to server' as const, length },
  ])
}

async function measureCase(scene: Scene, ends: Ends, place: Place, one: Case): Promise<RateRow> {
  const isOut = one.direction === 'server to VTEP'
  const access: Pattern['side'] = { kind: 'access', isTagged: false, isLearning: false }
  const pattern: Pattern = {
    length: one.length,
    flows: STATIONS,
    stations: STATIONS,
    switches: 1,
    side: isOut ? access : ends.underlay,
  }
  if (!isOut && !place.isTransparent) await teach(scene.lab, ends, pattern)
  const [source, sink] = isOut ? [ends.server, ends.fabric] : [ends.fabric, ends.server]
  const load = await openLoad(scene.lab, { source, sink }, pattern, { isUnchanged: place.isTransparent })
  try {
    await warmUp(load)
    const full = await load.trial({ durationMs: TRIAL_MS })
    const rate = await searchRate({
      lossGoal: 0,
      trial: async (wanted) => {
        const outcome = await load.trial({ durationMs: TRIAL_MS, ...(wanted === undefined ? {} : { rate: wanted }) })
        return { offered: (outcome.sent / outcome.elapsedNs) * 1e9, loss: 1 - outcome.received / outcome.sent }
      },
    })
    return { ...one, place: place.name, rate, cost: full.cpuNs / full.received }
  } finally {
    await load.close()
  }
}

/** Has the server's stations known: frames to them are unicast to a port then, and not flooded. */
async function teach(lab: Lab, ends: Ends, pattern: Pattern): Promise<void> {
  const side: Pattern['side'] = { kind: 'access', isTagged: false, isLearning: true }
  const load = await openLoad(lab, { source: ends.server, sink: ends.fabric }, { ...pattern, side })
  await load.trial({ durationMs: 100, rate: STATIONS * 100, frames: STATIONS * 2 })
  await load.close()
}

/** Nothing is measured before slow frames arrive without loss: next hops are resolved then, and stations are known. */
async function warmUp(load: Load): Promise<void> {
  await until('slow frames to arrive', async () => {
    const { sent, received } = await load.trial({ rate: 2000, durationMs: 50 })
    return sent > 0 && received === sent
  })
}

/** Not a gateway, but the machine's ceiling: XDP moves frames from port to port as they are. */
function shuntPlace(scene: Scene, { underlay }: Ends): Place {
  const { lab, gateway } = scene
  const { namespace, attachment } = gateway
  const pattern = { length: 64, flows: 1, stations: 1, switches: 1 }
  const access: Pattern['side'] = { kind: 'access', isTagged: false, isLearning: false }
  return {
    name: 'bare redirect',
    isTransparent: true,
    take: async () => {
      const out = await openShunt(lab, namespace, 'port1', attachment.device, { ...pattern, side: access })
      const back = await openShunt(lab, namespace, attachment.device, 'port1', { ...pattern, side: underlay })
      return async () => {
        await out()
        await back()
      }
    },
  }
}

function mediansOf(samples: readonly RateRow[]): readonly RateRow[] {
  const groups = new Map<string, RateRow[]>()
  for (const sample of samples) {
    const key = `${sample.direction}/${sample.length}/${sample.place}`
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return [{ ...first, rate: median(group.map(({ rate }) => rate)), cost: median(group.map(({ cost }) => cost)) }]
  })
}

/** Place by place within each kind of frames, with what it is worth beside the kernel's bridge and vxlan device. */
export function rateTable(rows: readonly RateRow[]): string {
  const right = (heading: string) => ({ heading, align: 'right' as const })
  const headings = [{ heading: 'FRAMES' }, right('BYTES'), { heading: "IN THE GATEWAY'S PLACE" }]
  return table(
    [...headings, right('NON-DROP RATE Mpps'), right('RATIO'), right('ns A FRAME'), right('RATIO')],
    casesOf().flatMap(({ direction, length }) => {
      const group = rows.filter((row) => row.direction === direction && row.length === length)
      const kernel = group.find(({ place }) => place === KERNEL_PLACE)
      return group.map(({ place, rate, cost }) => [
        ...[direction, `${length}`, place],
        ...[(rate / 1e6).toFixed(2), ratio(rate, kernel?.rate)],
        ...[cost.toFixed(0), ratio(kernel?.cost, cost)],
      ])
    }),
    '',
  )
}

function ratio(value: number | undefined, base: number | undefined): string {
  return value === undefined || base === undefined ? '' : `${(value / base).toFixed(2)} x`
}
