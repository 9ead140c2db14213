/** What a `parseX(text)` function answers: the value, or a sentence that says what was wrong with which text. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

/** A refusal that quotes the text: `"zz" is not a MAC address: ...`. */
export function refused(text: string, complaint: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `${JSON.stringify(text)} ${complaint}` }
}
