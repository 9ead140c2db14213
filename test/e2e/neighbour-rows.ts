import type { Scene } from '../lab/scene.js'
import { until } from '../lab/until.js'

/** Writes another row for the MAC, as MidoNet does: behind the VTEP of the first one, or of any. Returns the row's UUID. */
export async function giveAddress({ controller }: Scene, mac: string, address: string): Promise<string> {
  const find = (table: string, column: string, ...conditions: string[]) =>
    controller.ctl('--bare', `--columns=${column}`, 'find', table, ...conditions)
  const [logicalSwitch] = (await find('Logical_Switch', '_uuid', 'name=blue')).split('\n')
  const known = (await find('Ucast_Macs_Remote', 'locator', `MAC="${mac}"`)).split(/\s+/)
  const any = (await find('Ucast_Macs_Remote', 'locator')).split(/\s+/)
  const locator = [...known, ...any].find((text) => text !== '') ?? ''
  const columns = [`MAC="${mac}"`, `ipaddr="${address}"`, `logical_switch=${logicalSwitch}`, `locator=${locator}`]
  return controller.ctl('create', 'Ucast_Macs_Remote', ...columns)
}

/** The UUIDs of the rows with an address, line by line. */
export function rowsWith({ controller }: Scene, address: string): Promise<string> {
  return controller.ctl('--bare', '--columns=_uuid', 'find', 'Ucast_Macs_Remote', `ipaddr="${address}"`)
}

/** Waits until the console shows just these addresses with these states. */
export async function untilStates({ gateway }: Scene, wanted: Readonly<Record<string, string>>): Promise<void> {
  const expected = JSON.stringify(Object.entries(wanted).sort())
  await until(`the neighbours to be ${expected}`, async () => {
    const { neighbours } = await gateway.show()
    return JSON.stringify(neighbours.map(({ address, state }) => [address, state]).sort()) === expected
  })
}
