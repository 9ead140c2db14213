import { execFileSync } from 'node:child_process'
import { z } from 'zod'
import { ConfigError } from './config-error.js'

/** The network devices of the daemon's namespace with their addresses, as far as the config is checked against them. */
export interface Box {
  /** Device name -> addresses on it, IPv4 and IPv6, also when the device is down. */
  readonly devices: ReadonlyMap<string, readonly string[]>
}

const addressListing = z.array(
  z.object({
    ifname: z.string().optional(),
    addr_info: z.array(z.object({ local: z.string().optional() })).default([]),
  }),
)

/**
 * Asks iproute2, not /sys: /sys/class/net shows another namespace when the daemon was entered by `nsenter --net`, and
 * `os.networkInterfaces()` leaves out devices that are down.
 *
 * @throws ConfigError when `ip` cannot be run.
 */
export function readBox(): Box {
  try {
    const listing = addressListing.parse(
      JSON.parse(execFileSync('ip', ['-json', 'address', 'show'], { encoding: 'utf8' })),
    )
    const devices = new Map<string, readonly string[]>()
    for (const { ifname, addr_info } of listing) {
      if (ifname === undefined) continue
      devices.set(
        ifname,
        addr_info.flatMap(({ local }) => (local === undefined ? [] : [local])),
      )
    }
    return { devices }
  } catch (cause) {
    throw new ConfigError('box', undefined, 'cannot list the network devices: `ip -json address show` failed', {
      cause,
    })
  }
}
