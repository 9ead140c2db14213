import type { Host } from '../lab/host.js'

/** One run: Gbit/s of one TCP stream in each direction, and the median round trip in microseconds. */
export interface Measurement {
  readonly toVm: number
  readonly toServer: number
  readonly roundTrip: number
}

/** Measures between a server and a VM in whose namespace `iperf3 -s` runs. */
export async function measure(server: Host, vm: Host): Promise<Measurement> {
  const toVm = await goodput(server, vm)
  const toServer = await goodput(server, vm, '--reverse')
  const pings = await server.namespace.run(['ping', '-n', '-c', '300', '-i', '0.002', vm.address])
  const times = [...pings.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time) * 1000)
  return { toVm, toServer, roundTrip: median(times) }
}

export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
  if (middle === undefined) throw new Error('nothing was measured')
  return middle
}

async function goodput(server: Host, vm: Host, ...words: readonly string[]): Promise<number> {
  const report = JSON.parse(
    await server.namespace.run(['iperf3', '--json', '--client', vm.address, '--time', '1', ...words]),
  ) as { end: { sum_received: { bits_per_second: number } } }
  return report.end.sum_received.bits_per_second / 1e9
}
