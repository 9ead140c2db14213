import type { z } from 'zod'
import type { View } from './view.js'

/** One part of what `vtep show` says: its JSON, how the daemon makes it, and how people see it. */
export interface Section<S extends z.ZodType = z.ZodType> {
  /** Shape of the JSON; `--json` prints just this. */
  readonly schema: S
  readonly build: (view: View) => z.infer<S>
  readonly print: (value: z.infer<S>) => string
}

/** Keeps the three of a section to one shape. */
export function section<S extends z.ZodType>(definition: Section<S>): Section<S> {
  return definition
}
