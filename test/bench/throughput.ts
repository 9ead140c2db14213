import { table } from '../../src/console/table.js'
import { joinBlue } from '../e2e/join-blue.js'
import { reach } from '../lab/host.js'
import { openScene } from '../lab/scene.js'
import { until } from '../lab/until.js'
import { measure, type Measurement, median } from './measure.js'
import { gatewayPlace, kernelPlace, type Place } from './place.js'

const rounds = 3

/** The medians of one place between one kind of ends. */
export interface Compared extends Measurement {
  readonly ends: string
  readonly place: string
}

/** The gateway and the kernel's own bridge and vxlan device, in turn in the same place between the same ends. */
export async function measureThroughput(say: (text: string) => void): Promise<readonly Compared[]> {
  say(`One TCP stream (iperf3) and ping between a server and a VM; medians of ${rounds} runs in turn.\n`)
  const kernelEnds = 'Ends with the offloads of the kernel (super-frames of up to 64 KiB pass as one)'
  const physicalEnds = 'Ends that act as physical ones (every frame by itself, at most 1500 bytes)'
  const results: Compared[] = []
  for (const [ends, mode, modes] of [
    [kernelEnds, 'tc', ['tc']],
    [physicalEnds, 'xdp', ['tc', 'xdp']],
  ] as const) {
    const compared = await compare(ends, mode, modes)
    say(`${ends}\n${comparison(compared)}`)
    results.push(...compared)
  }
  say(`How to read it: only the ratios, and only within one table. Both ends, the underlay and the gateway share this machine's
processors, so a faster gateway raises the goodput by less than what it saves; differences of a tenth are noise.`)
  return results
}

async function compare(
  ends: string,
  mode: 'tc' | 'xdp',
  modes: readonly ('tc' | 'xdp')[],
): Promise<readonly Compared[]> {
  const scene = await openScene({ mode })
  try {
    const { vms } = await joinBlue(scene)
    const [[server], [vm], [hypervisor]] = [scene.servers, vms, scene.hypervisors]
    if (server === undefined || vm === undefined || hypervisor === undefined) throw new Error('the scene has no ends')
    await scene.vtepd.stop()
    await scene.gateway.vtep('datapath', 'detach')
    const listener = vm.namespace.start(['iperf3', '--server', '--forceflush'])
    scene.lab.own(() => listener.stop())
    await until('iperf3 to listen', () => Promise.resolve(listener.output().includes('listening')))

    const kernel = kernelPlace(scene, 5001, new Map([[vm.mac, hypervisor.address]]))
    const places = [kernel, ...modes.map((mode) => gatewayPlace(scene, mode))]
    const runs = new Map<Place, Measurement[]>(places.map((place) => [place, []]))
    for (let round = 1; round <= rounds; round++) {
      for (const [place, measured] of runs) {
        const leave = await place.take()
        await reach(server, vm.address)
        measured.push(await measure(server, vm))
        await leave()
      }
    }
    return [...runs].map(([place, measured]) => {
      const middle = (key: keyof Measurement) => median(measured.map((run) => run[key]))
      return {
        ends,
        place: place.name,
        toVm: middle('toVm'),
        toServer: middle('toServer'),
        roundTrip: middle('roundTrip'),
      }
    })
  } finally {
    await scene.lab.close()
  }
}

/** Each place beside the first. */
function comparison(compared: readonly Compared[]): string {
  const [base] = compared
  const cells = (result: Compared, key: keyof Measurement, digits: number) => [
    result[key].toFixed(digits),
    `${(result[key] / (base?.[key] ?? 1)).toFixed(2)} x`,
  ]
  const right = (heading: string) => ({ heading, align: 'right' as const })
  return table(
    [
      { heading: "IN THE GATEWAY'S PLACE" },
      ...[right('SERVER TO VM Gbit/s'), right('RATIO')],
      ...[right('VM TO SERVER Gbit/s'), right('RATIO')],
      ...[right('ROUND TRIP us'), right('RATIO')],
    ],
    compared.map((result) => [
      result.place,
      ...cells(result, 'toVm', 2),
      ...cells(result, 'toServer', 2),
      ...cells(result, 'roundTrip', 0),
    ]),
    '',
  )
}
