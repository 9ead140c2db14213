import { z } from 'zod'
import type { AtomType, ColumnType } from '../ovsdb/notation.js'

const atomType = z.enum(['integer', 'real', 'boolean', 'string', 'uuid'])
const baseType = z.union([
  atomType.transform(bareBase),
  z.object({ type: atomType, refTable: z.string().optional(), enum: z.unknown().optional() }),
])
const columnType = z.union([
  atomType.transform((type) => ({ key: bareBase(type), value: undefined, min: 1, max: 1 })),
  z.object({
    key: baseType,
    value: baseType.optional(),
    min: z.number().default(1),
    max: z.union([z.number(), z.literal('unlimited')]).default(1),
  }),
])

/** A schema file of ovsdb-server: the <database-schema> of RFC 7047 section 3.2, as far as the generator needs it. */
export const schemaFile = z.object({
  name: z.string(),
  version: z.string(),
  cksum: z.string().default(''),
  tables: z.record(
    z.string(),
    z.object({
      columns: z.record(
        z.string(),
        z.object({ type: columnType, ephemeral: z.boolean().default(false), mutable: z.boolean().default(true) }),
      ),
    }),
  ),
})

export type SchemaFile = z.infer<typeof schemaFile>
export type SchemaColumn = SchemaFile['tables'][string]['columns'][string]
export type SchemaBase = SchemaColumn['type']['key']

/** The shape of the column's values, from `min`, `max` and the presence of a value type. */
export function shapeOf({ type }: SchemaColumn): ColumnType {
  const key: AtomType = type.key.type
  if (type.value) return { kind: 'map', key, value: type.value.type }
  if (type.max !== 1) return { kind: 'set', key }
  return type.min === 0 ? { kind: 'optional', key } : { kind: 'scalar', key }
}

/** The members of an enum, or undefined when the base type is open. RFC 7047 writes a single member as a bare atom. */
export function enumOf(base: SchemaBase): readonly string[] | undefined {
  if (base.enum === undefined || base.type !== 'string') return undefined
  return enumMembers.parse(base.enum)
}

/** An atomic type written as its bare name. */
function bareBase(type: AtomType): { type: AtomType; refTable: string | undefined; enum: unknown } {
  return { type, refTable: undefined, enum: undefined }
}

const enumMembers = z.union([
  z.string().transform((member) => [member]),
  z.tuple([z.literal('set'), z.array(z.string())]).transform(([, list]) => list.toSorted()),
])
