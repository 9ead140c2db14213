import type { ColumnType } from './notation.js'

/** What must be known of a table at run time to decode and encode its rows. */
export interface TableDescription {
  readonly columns: Readonly<Record<string, ColumnType>>
}

/**
 * What must be known of a database at run time. `T` maps table names to row types; both halves are generated from one schema file
 * (src/schema/rows.generated.ts), which is what makes decoded rows of type `T[N]`.
 */
export interface DatabaseDescription<T> {
  readonly name: string
  readonly tables: {
    readonly [N in keyof T]: { readonly columns: Readonly<Record<Exclude<keyof T[N], '_uuid'>, ColumnType>> }
  }
}

/** Which tables and columns to monitor. A column left out has its default value in every row; a table left out is empty. */
export type Selection<T> = { readonly [N in keyof T]?: readonly Exclude<keyof T[N], '_uuid'>[] }

/** The same without the row types, for code that works on any database. */
export type TableDescriptions = ReadonlyMap<string, TableDescription>

/** The tables by name. */
export function tablesOf<T>(database: DatabaseDescription<T>): TableDescriptions {
  return new Map(Object.entries<TableDescription>(database.tables))
}
