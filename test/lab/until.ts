/** How much longer everything may take than on hardware; `VTEPGW_PATIENCE` is for emulated machines. */
export const patience = Number(process.env.VTEPGW_PATIENCE ?? 1)

/** Probes until the answer is neither undefined nor false and returns it; throws with what was awaited when the limit passes. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs * patience
  for (;;) {
    const answer = await probe()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`not within ${limitMs * patience} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
