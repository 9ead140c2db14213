import { parsed, refused, type Parsed } from '../ovsdb/parsed.js'

/** Keys of Logical_Switch.other_config: `true` or `false`; without them the box's default holds. */
export const ARP_ND_SUPPRESSION = 'arp-nd-suppression'
export const FLOOD_TO_REMOTE_MACS = 'flood-to-remote-macs'

/** A value of OVSDB's usual two words; undefined: the key is not there. */
export function parseFlag(config: ReadonlyMap<string, string>, key: string): Parsed<boolean | undefined> {
  const text = config.get(key)
  if (text === undefined) return parsed(undefined)
  return text === 'true' || text === 'false' ? parsed(text === 'true') : refused(text, 'is neither true nor false')
}
