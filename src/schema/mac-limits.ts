/** How many local MACs there may be: of one port, in one logical switch, in all. */
export interface MacLimits {
  readonly port: number
  readonly switch: number
  readonly table: number
}
