import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { makeNamespace, type Namespace, removeNamespace } from './namespace.js'
import { openRegistry, removeRemains } from './registry.js'

/** Owner of everything that one test or demonstration makes; `close` removes it all, last made first. */
export interface Lab {
  /** Makes a network namespace; its name holds this process's id, so two runs do not collide. */
  readonly namespace: (role: string) => Promise<Namespace>
  /** Makes an empty directory with a path short enough for unix sockets. */
  readonly directory: (role: string) => string
  /** Has `close` called when the lab closes. */
  readonly own: (close: () => Promise<unknown>) => void
  /** Removes what it can; throws the errors of what it could not, and the next lab tries that again. */
  readonly close: () => Promise<void>
}

let labs = 0

/** Opens a lab; what crashed labs left behind is removed first. */
export async function openLab(): Promise<Lab> {
  await removeRemains()
  const number = ++labs
  const registry = openRegistry(number)
  const closers: (() => Promise<unknown>)[] = []
  const named = (role: string) => `vtepgw-${process.pid}-${number}-${role}`
  return {
    namespace: async (role) => {
      const name = named(role)
      registry.note({ kind: 'namespace', name })
      closers.push(() => removeNamespace(name))
      return makeNamespace(name)
    },
    directory: (role) => {
      const path = `/tmp/${named(role)}`
      registry.note({ kind: 'directory', path })
      closers.push(() => rm(path, { recursive: true, force: true }))
      mkdirSync(path, { recursive: true })
      return path
    },
    own: (close) => {
      closers.push(close)
    },
    close: async () => {
      const errors: unknown[] = []
      for (const close of closers.splice(0).reverse()) {
        try {
          await close()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length === 1) throw errors[0]
      if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'))
      registry.close()
    },
  }
}
