/** What one trial at a rate came to. */
export interface RateTrial {
  /** Frames a second that were really offered. */
  readonly offered: number
  /** Share of the frames that did not arrive, 0 to 1. */
  readonly loss: number
}

export interface RateSearch {
  /** Share of frames that may be lost: 0 for the non-drop rate, 0.005 for the partial drop rate. */
  readonly lossGoal: number
  /** The search ends when the rates that pass and fail differ by no more than this share; default 0.02. */
  readonly width?: number
  /** Runs one trial; undefined: as fast as the generator can. */
  readonly trial: (rate: number | undefined) => Promise<RateTrial>
}

/**
 * The highest rate at which no more than the goal is lost, in frames a second (RFC 2544 section 26.1, as a binary search).
 *
 * The first trial offers all that the generator can make: where that passes, the generator is the limit, and the answer is what
 * it made. Answers 0 where every rate fails.
 */
export async function searchRate({ lossGoal, width = 0.02, trial }: RateSearch): Promise<number> {
  const first = await trial(undefined)
  if (first.loss <= lossGoal) return first.offered
  let [passes, fails] = [0, first.offered]
  // What got through when too much was offered is near the answer.
  let next = first.offered * (1 - first.loss)
  while (fails >= 1 && fails - passes > fails * width) {
    const { offered, loss } = await trial(next)
    const rate = Math.min(offered, next)
    if (loss <= lossGoal) passes = Math.max(passes, rate)
    else fails = Math.min(fails, next)
    // A machine that is busy elsewhere offers less than asked, and a search by it would not end.
    if (loss <= lossGoal && offered < next * (1 - width)) return passes
    next = (passes + fails) / 2
  }
  return passes
}
