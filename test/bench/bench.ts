// What `make bench` runs: the gateway and the kernel's own bridge and vxlan device, in turn in the same place between the same ends.
import { table } from '../../src/console/table.js'
import { joinBlue } from '../e2e/join-blue.js'
import { reach } from '../lab/host.js'
import { openScene } from '../lab/scene.js'
import { until } from '../lab/until.js'
import { measure, type Measurement, median } from './measure.js'
import { gatewayPlace, kernelPlace, type Place } from './place.js'

const rounds = 3

say(`One TCP stream (iperf3) and ping between a server and a VM; medians of ${rounds} runs in turn.\n`)
await compare('Ends with the offloads of the kernel (super-frames of up to 64 KiB pass as one)', 'tc', ['tc'])
await compare('Ends that act as physical ones (every frame by itself, at most 1500 bytes)', 'xdp', ['tc', 'xdp'])
say(`How to read it: only the ratios, and only within one table. Both ends, the underlay and the gateway share this machine's
processors, so a faster gateway raises the goodput by less than what it saves; differences of a tenth are noise.`)

async function compare(title: string, ends: 'tc' | 'xdp', modes: readonly ('tc' | 'xdp')[]): Promise<void> {
  const scene = await openScene({ mode: ends })
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
    print(title, kernel, runs)
  } finally {
    await scene.lab.close()
  }
}

function print(title: string, base: Place, runs: ReadonlyMap<Place, readonly Measurement[]>): void {
  const middle = (place: Place, key: keyof Measurement) => median((runs.get(place) ?? []).map((run) => run[key]))
  const cells = (place: Place, key: keyof Measurement, digits: number) => [
    middle(place, key).toFixed(digits),
    `${(middle(place, key) / middle(base, key)).toFixed(2)} x`,
  ]
  const right = (heading: string) => ({ heading, align: 'right' as const })
  say(title)
  say(
    table(
      [
        { heading: "IN THE GATEWAY'S PLACE" },
        ...[right('SERVER TO VM Gbit/s'), right('RATIO')],
        ...[right('VM TO SERVER Gbit/s'), right('RATIO')],
        ...[right('ROUND TRIP us'), right('RATIO')],
      ],
      [...runs.keys()].map((place) => [
        place.name,
        ...cells(place, 'toVm', 2),
        ...cells(place, 'toServer', 2),
        ...cells(place, 'roundTrip', 0),
      ]),
      '',
    ),
  )
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
