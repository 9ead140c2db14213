import { startBackground } from '../lab/background.js'

export interface ColumnWatch {
  /** The time (performance.now) at which a value first came by; waits for it. Lines before `from` (default 0) do not count. */
  readonly until: (value: string | RegExp, from?: number) => Promise<number>
  /** What came by so far: the first contents, then each change. */
  readonly lines: () => readonly string[]
  readonly close: () => Promise<unknown>
}

/** Watches a column as a controller would, through the monitor of ovsdb-client. */
export function watchColumn(endpoint: string, table: string, column: string): ColumnWatch {
  const monitor = startBackground([
    'ovsdb-client',
    'monitor',
    '--format=json',
    endpoint,
    'hardware_vtep',
    table,
    column,
  ])
  const seen: { readonly line: string; readonly at: number }[] = []
  let tell: () => void = () => undefined
  monitor.onLine((line) => {
    seen.push({ line, at: performance.now() })
    tell()
  })
  return {
    until: async (value, from = 0) => {
      for (;;) {
        const found = seen
          .slice(from)
          .find(({ line }) => (typeof value === 'string' ? line.includes(value) : value.test(line)))
        if (found !== undefined) return found.at
        await new Promise<void>((resolve, reject) => {
          const limit = setTimeout(
            () => reject(new Error(`${String(value)} did not come by in ${table}.${column}`)),
            10_000,
          )
          tell = () => {
            clearTimeout(limit)
            resolve()
          }
        })
      }
    },
    lines: () => seen.map(({ line }) => line),
    close: () => monitor.stop(),
  }
}
