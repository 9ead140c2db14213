import type { Box } from './box.js'
import { until } from './until.js'

/** One end of a tunnel, as a controller sees it. */
export interface TunnelEnd {
  readonly uuid: string
  readonly set: (...assignments: readonly string[]) => Promise<void>
  readonly column: (name: string) => Promise<Readonly<Record<string, string>>>
  /** Waits until bfd_status has these values among its keys. */
  readonly untilStatus: (wanted: Readonly<Record<string, string>>) => Promise<void>
}

/** The Tunnel row of a box for one remote VTEP; it is waited for, `limitMs` as in `until`. */
export async function tunnelEnd(
  { controller, name: gateway }: Box,
  remote: string,
  limitMs?: number,
): Promise<TunnelEnd> {
  const find = (table: string, condition: string) =>
    controller.ctl('--bare', '--columns=_uuid', 'find', table, condition)
  const uuid = await until(
    `the tunnel of ${gateway} to ${remote}`,
    async () => {
      const locator = await find('Physical_Locator', `dst_ip="${remote}"`)
      return locator !== '' && ((await find('Tunnel', `remote=${locator}`)) || undefined)
    },
    limitMs,
  )
  const column = async (name: string) => {
    const text = await controller.ctl('--format=json', `--columns=${name}`, 'list', 'Tunnel', uuid)
    const { data } = JSON.parse(text) as { data: [[['map', [string, string][]]]] }
    return Object.fromEntries(data[0][0][1])
  }
  return {
    uuid,
    column,
    set: async (...assignments) => {
      await controller.ctl('set', 'Tunnel', uuid, ...assignments)
    },
    untilStatus: async (wanted) => {
      await until(
        `bfd_status of ${gateway} towards ${remote} to be ${JSON.stringify(wanted)}`,
        async () => {
          const status = await column('bfd_status')
          return Object.entries(wanted).every(([key, value]) => status[key] === value)
        },
        limitMs,
      )
    },
  }
}

export const fastBfd = ['bfd_params:enable=true', 'bfd_params:min_rx=300', 'bfd_params:min_tx=300'] as const
