import { readFileSync } from 'node:fs'
import { isNode, isScalar, LineCounter, parseDocument, visit, YAMLMap, type Document } from 'yaml'
import { checkSettings } from './check-settings.js'
import { ConfigError } from './config-error.js'
import type { Said } from './settings.js'

/**
 * Reads a config file: YAML, one mapping, the keys of `Settings`.
 *
 * @throws ConfigError that names file:line.
 */
export function readConfigFile(path: string): Said {
  return parseConfigText(readText(path), path)
}

/** The same for a text in hand; `path` is only for the errors. */
export function parseConfigText(text: string, path: string): Said {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true })
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault !== undefined) {
    throw new ConfigError('file', `${path}:${lineCounter.linePos(fault.pos[0]).line}`, fault.message)
  }
  if (document.contents !== null && !(document.contents instanceof YAMLMap)) {
    throw new ConfigError('file', `${path}:1`, 'is not a mapping of keys to values')
  }
  const originOf = (at: string): string => {
    const offset = offsetOf(document, at.split('.'))
    return offset === undefined ? path : `${path}:${lineCounter.linePos(offset).line}`
  }
  refuseLooseAliases(document, (offset) => `${path}:${lineCounter.linePos(offset).line}`)
  return { settings: checkSettings(document.toJS() ?? {}, originOf), originOf }
}

/** `*name` without an `&name` before it, as in an unquoted `*`. */
function refuseLooseAliases(document: Document.Parsed, originOf: (offset: number) => string): void {
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return
      throw new ConfigError(
        'file',
        originOf(alias.range?.[0] ?? 0),
        `«*${alias.source}» stands for nothing: put it in quotes`,
      )
    },
  })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(
      'file',
      `--config ${path}`,
      `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

/** Where the value at a path begins; for a missing item the key that should hold it. */
function offsetOf(document: Document.Parsed, path: readonly string[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length).map(asIndex), true)
    if (isNode(node) && node.range) return length === 1 ? keyOffset(document, path[0]) : node.range[0]
  }
  return keyOffset(document, path[0])
}

function keyOffset(document: Document.Parsed, key: string | undefined): number | undefined {
  if (!(document.contents instanceof YAMLMap)) return undefined
  for (const item of document.contents.items) {
    const node: unknown = item.key
    if (isScalar(node) && node.value === key) return node.range?.[0]
  }
  return undefined
}

function asIndex(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part
}
