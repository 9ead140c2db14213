import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'
import { parseIpAddress, type IpAddress } from './ip-address.js'
import { parseMac, type Mac } from './mac.js'
import type { TunnelRow } from './rows.generated.js'

/** What a controller asks of the BFD session of a tunnel: Tunnel.bfd_params, bfd_config_local and bfd_config_remote. */
export interface BfdConfig {
  /** At least 1; default 1000. */
  readonly minRxMs: number
  /** At least 1; default 100. */
  readonly minTxMs: number
  /** The interval of an idle tunnel; 0, the default: that of `minRxMs`. */
  readonly decayMinRxMs: number
  readonly forwardingIfRx: boolean
  readonly cpathDown: boolean
  readonly checkTnlKey: boolean
  /** Where the remote VTEP sends its packets. */
  readonly localDstMac: Mac
  readonly localDstIp: IpAddress
  /** Where ours are sent. */
  readonly remoteDstMac: Mac
  readonly remoteDstIp: IpAddress
}

/** Defaults of bfd_config_local, in the notation of the column. */
export const BFD_CONFIG_LOCAL: ReadonlyMap<string, string> = new Map([
  ['bfd_dst_mac', '00:23:20:00:00:01'],
  ['bfd_dst_ip', '169.254.1.0'],
])

const DEFAULT_DST_MAC = '00:23:20:00:00:01' as Mac
const DEFAULT_LOCAL_IP = '169.254.1.0' as IpAddress
const DEFAULT_REMOTE_IP = '169.254.1.1' as IpAddress
/** What a packet can name: 32 bits of microseconds (RFC 5880 section 4.1). */
const LONGEST_INTERVAL_MS = 4_294_967

type BfdColumn = 'bfd_params' | 'bfd_config_local' | 'bfd_config_remote'

/**
 * Reads the BFD columns of a Tunnel row. `config` is undefined while BFD is not enabled: then nothing else is looked at.
 *
 * A value that makes no sense is one reason, and its default stands in: the session goes on with the rest. `enable` is on only
 * where it says so. A decay_min_rx below min_rx stands in the configuration, so that bfd_status:info tells of it, too.
 */
export function decodeBfdConfig(row: Pick<TunnelRow, BfdColumn>): {
  readonly config: BfdConfig | undefined
  readonly reasons: readonly string[]
} {
  const reasons: string[] = []
  const read = <T>(column: BfdColumn, key: string, parse: (text: string) => Parsed<T>, fallback: T): T => {
    const text = row[column].get(key)
    if (text === undefined) return fallback
    const value = parse(text)
    if (value.ok) return value.value
    reasons.push(`${column}:${key} ${value.reason}`)
    return fallback
  }
  if (!read('bfd_params', 'enable', parseBoolean, false)) return { config: undefined, reasons }

  const config: BfdConfig = {
    minRxMs: read('bfd_params', 'min_rx', parsePositiveMs, 1000),
    minTxMs: read('bfd_params', 'min_tx', parsePositiveMs, 100),
    decayMinRxMs: read('bfd_params', 'decay_min_rx', parseMs, 0),
    forwardingIfRx: read('bfd_params', 'forwarding_if_rx', parseBoolean, false),
    cpathDown: read('bfd_params', 'cpath_down', parseBoolean, false),
    checkTnlKey: read('bfd_params', 'check_tnl_key', parseBoolean, false),
    localDstMac: read('bfd_config_local', 'bfd_dst_mac', parseMac, DEFAULT_DST_MAC),
    localDstIp: read('bfd_config_local', 'bfd_dst_ip', parseIpAddress, DEFAULT_LOCAL_IP),
    remoteDstMac: read('bfd_config_remote', 'bfd_dst_mac', parseMac, DEFAULT_DST_MAC),
    remoteDstIp: read('bfd_config_remote', 'bfd_dst_ip', parseIpAddress, DEFAULT_REMOTE_IP),
  }
  if (config.decayMinRxMs > 0 && config.decayMinRxMs < config.minRxMs) {
    reasons.push(`bfd_params:decay_min_rx ${config.decayMinRxMs} is below min_rx ${config.minRxMs} and not used`)
  }
  return { config, reasons }
}

/** In either case, as Open vSwitch reads it. */
function parseBoolean(text: string): Parsed<boolean> {
  const lower = text.toLowerCase()
  return lower === 'true' || lower === 'false' ? parsed(lower === 'true') : refused(text, 'is neither true nor false')
}

function parseMs(text: string): Parsed<number> {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value <= LONGEST_INTERVAL_MS
    ? parsed(value)
    : refused(text, `is not a number of milliseconds up to ${LONGEST_INTERVAL_MS}`)
}

function parsePositiveMs(text: string): Parsed<number> {
  const value = parseMs(text)
  return value.ok && value.value === 0 ? refused(text, 'is less than one millisecond') : value
}
