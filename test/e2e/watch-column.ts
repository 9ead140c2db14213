import { startBackground } from '../lab/background.js'

export interface ColumnWatch {
  /** The time (performance.now) at which a value first came by; waits for it. */
  readonly until: (value: string) => Promise<number>
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
    until: async (value) => {
      for (;;) {
        const found = seen.find(({ line }) => line.includes(value))
        if (found !== undefined) return found.at
        await new Promise<void>((resolve, reject) => {
          const limit = setTimeout(() => reject(new Error(`${value} did not come by in ${table}.${column}`)), 10_000)
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
