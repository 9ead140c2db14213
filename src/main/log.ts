import { pino, type DestinationStream, type Logger } from 'pino'

/** What a part of the daemon may say: an event in snake_case and its fields; never a sentence with values in it. */
export interface Log {
  readonly debug: (event: string, fields?: object) => void
  readonly info: (event: string, fields?: object) => void
  readonly warn: (event: string, fields?: object) => void
  readonly error: (event: string, fields?: object) => void
}

type Level = keyof Log

/** Of one event, this many lines pass in each window; the rest are counted and said with the first line of the next. */
const BURST = 10
const WINDOW_MS = 10_000

/**
 * JSON lines on standard error, one per event, with the repeats of an event held back.
 *
 * A controller that writes garbage in a loop, or a port that flaps, must not fill the disk of an appliance.
 */
export function openLog(
  level: Level,
  destination: DestinationStream = standardError(),
  nowMs: () => number = Date.now,
): Log {
  const format = { level: (label: string): object => ({ level: label }) }
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'event',
    formatters: format,
  }
  return limitRepeats(pino(options, destination), nowMs)
}

function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true })
  // Whoever read the log is gone; forwarding is worth more than saying so.
  destination.on('error', () => undefined)
  return destination
}

interface Window {
  endsAtMs: number
  said: number
  heldBack: number
}

function limitRepeats(logger: Logger, nowMs: () => number): Log {
  const windows = new Map<string, Window>()
  const say =
    (level: Level) =>
    (event: string, fields: object = {}): void => {
      if (!logger.isLevelEnabled(level)) return
      const heldBack = admit(windows, `${level} ${event}`, nowMs())
      if (heldBack === undefined) return
      logger[level](heldBack > 0 ? { ...fields, heldBack } : fields, event)
    }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}

/** How many lines of this event were held back before this one, or undefined when this one is to be held back too. */
function admit(windows: Map<string, Window>, key: string, nowMs: number): number | undefined {
  const window = windows.get(key)
  if (window === undefined || nowMs >= window.endsAtMs) {
    windows.set(key, { endsAtMs: nowMs + WINDOW_MS, said: 1, heldBack: 0 })
    return window?.heldBack ?? 0
  }
  if (window.said < BURST) {
    window.said += 1
    return 0
  }
  window.heldBack += 1
  return undefined
}
