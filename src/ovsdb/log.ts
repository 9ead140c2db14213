/** Where this folder says what happened: an event in snake_case and its fields. */
export interface Log {
  readonly debug: (event: string, fields?: object) => void
  readonly info: (event: string, fields?: object) => void
  readonly warn: (event: string, fields?: object) => void
}
