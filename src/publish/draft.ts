import { namedUuid, type NamedUuid, type Uuid } from '../ovsdb/notation.js'
import type { Operation, WrittenRow } from '../ovsdb/operation.js'
import { insert } from '../schema/operations.js'
import type { Tables } from '../schema/rows.generated.js'

/** A row that is there, or that the transaction makes. */
export type RowRef = Uuid | NamedUuid

/** A transaction being put together. */
export interface Draft {
  readonly operations: Operation[]
  /** Adds the insert, and answers the name by which the other operations refer to the row. */
  readonly insert: <N extends keyof Tables>(table: N, row: WrittenRow<Tables[N]>) => NamedUuid
}

export function createDraft(): Draft {
  const operations: Operation[] = []
  return {
    operations,
    insert: (table, row) => {
      const name = `row_${operations.length}`
      operations.push(insert(table, row, name))
      return namedUuid(name)
    },
  }
}
