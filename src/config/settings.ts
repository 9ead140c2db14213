import { isIP } from 'node:net'
import { z } from 'zod'
import { parseEndpoint } from '../ovsdb/endpoint.js'
import { parseTunnelAddress } from '../schema/ip-address.js'
import { parseReservedVlans } from '../schema/reserved-vlans.js'

/** Local MACs that the kernel's table holds (LOCAL_MACS_MAX of native/bpf/layout.h). */
export const MAC_TABLE_SIZE = 65_536

/** A name that ends up in OVSDB string columns: networking-l2gw frames JSON by counting braces, so none may be in it. */
const publishedText = z.string().regex(/^[^{}\p{Cc}]*$/u, 'must have no braces and no control characters')
const publishedName = publishedText.min(1, 'must not be empty')
const path = z.string().min(1, 'must not be empty')
const tunnelIp = z.string().transform((text, context) => {
  const address = parseTunnelAddress(text)
  if (address.ok) return address.value
  context.addIssue(address.reason)
  return z.NEVER
})
const ip = z.string().superRefine((text, context) => {
  if (isIP(text) === 0) context.addIssue(`"${text}" is not an IP address`)
})

/** `NAME` or `NAME=NETDEV`: the published name of an access port and the network device behind it. */
const port = z.string().transform((text, context) => {
  const cut = text.lastIndexOf('=')
  const name = cut < 0 ? text : text.slice(0, cut)
  const netdev = cut < 0 ? text : text.slice(cut + 1)
  const checked = publishedName.safeParse(name)
  if (!checked.success) context.addIssue(`the port name in «${text}» ${checked.error.issues[0]?.message}`)
  // The kernel's own rule for device names (dev_valid_name): 1..15 bytes, no slash, no colon, no space.
  if (!/^[^\s/:]{1,15}$/.test(netdev) || netdev === '.' || netdev === '..') {
    context.addIssue(`«${netdev}» cannot be the name of a network device; write NAME=NETDEV`)
  }
  return { name, netdev }
})

const endpoint = z.string().transform((text, context) => {
  const parsed = parseEndpoint(text)
  if (parsed.ok) return parsed.value
  context.addIssue(parsed.reason)
  return z.NEVER
})
const managerTarget = z
  .string()
  .regex(
    /^((tcp|ssl):[^\s{}]+|(ptcp|pssl):[^\s{}]*)$/,
    'is not one of tcp:HOST[:PORT], ssl:HOST[:PORT], ptcp:[PORT][:HOST], pssl:[PORT][:HOST]',
  )
  .superRefine((target, context) => {
    if (!hasPossiblePort(target)) context.addIssue(`"${target}" has a port that is no number up to 65535`)
  })

/** The port comes last where the server connects, and first where it listens; a host of IPv6 stands in brackets. */
function hasPossiblePort(target: string): boolean {
  const [, active, passive] =
    /^(?:(?:tcp|ssl):(?:\[[^\]]*\]|[^:[\]]+)(?::(.*))?|p(?:tcp|ssl):([^:]*).*)$/.exec(target) ?? []
  const port = active ?? passive ?? ''
  return port === '' ? active === undefined : /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535
}

/** In a YAML file a lone VLAN is a number. */
const reservedVlans = z
  .union([z.string(), z.number()], 'must be VLANs, as in 1, 100-199')
  .transform((said, context) => {
    const reserved = parseReservedVlans(String(said))
    if (reserved.ok) return reserved.value
    context.addIssue(reserved.reason)
    return z.NEVER
  })

/** A YAML file has truth values; a command line has text. */
const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'must be true or false')
  .transform((value) => value === true || value === 'true')

/** Flags are text. */
const macLimit = z.preprocess(
  (value) => (typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value),
  z.int('must be a whole number').min(1, 'must be at least 1').max(MAC_TABLE_SIZE, `must be at most ${MAC_TABLE_SIZE}`),
)

/** Everything that a flag or the config file may say; the keys are the flags' names. */
export const settingsSchema = z.strictObject({
  switch: publishedName.optional(),
  'tunnel-ip': tunnelIp.optional(),
  ports: z.array(port).optional(),
  'reserved-vlans': z.array(reservedVlans).optional(),
  ovsdb: endpoint.optional(),
  managers: z.array(managerTarget).optional(),
  'state-dir': path.optional(),
  'run-dir': path.optional(),
  'datapath-mode': z.enum(['auto', 'xdp', 'tc'], 'must be auto, xdp or tc').optional(),
  'log-level': z.enum(['error', 'warn', 'info', 'debug'], 'must be error, warn, info or debug').optional(),
  'mac-ageing': z
    .int('must be a whole number of seconds')
    .min(1, 'must be at least 1 second')
    .max(1_000_000, 'must be at most 1000000 seconds')
    .optional(),
  'flood-to-remote-macs': z.boolean('must be true or false').optional(),
  'stats-interval': z
    .number('must be a number of seconds')
    .min(0.1, 'must be at least 0.1 seconds')
    .max(86_400, 'must be at most 86400 seconds')
    .optional(),
  'arp-nd-suppression': flag.optional(),
  'max-macs': macLimit.optional(),
  'max-macs-per-switch': macLimit.optional(),
  'max-macs-per-port': macLimit.optional(),
  'private-key': path.optional(),
  certificate: path.optional(),
  'ca-cert': path.optional(),
  description: publishedText.optional(),
  'management-ips': z.array(ip).optional(),
})

export type Settings = z.infer<typeof settingsSchema>
export type SettingKey = keyof Settings

/** Where a value was said: a flag (`--tunnel-ip`) or a line of the config file (`/etc/vtepd.yaml:3`). */
export type Origin = string

/** Settings with, for each value, the place that an error has to name. Items of lists have a path like `ports.1`. */
export interface Said {
  readonly settings: Settings
  readonly originOf: (path: string) => Origin
}
