/** A chosen range: relative to now (`now-1h` to `now`), or between two times in s since 1970. */
export interface TimeRange {
  readonly from: string
  readonly to: string
}

export const DEFAULT_RANGE: TimeRange = { from: 'now-15m', to: 'now' }
export const QUICK_RANGES = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const RELATIVE = /^now(?:-(\d+)([smhdw]))?$/
/** A range from the URL may be anything; charts need one that has a length. */
const SHORTEST_S = 1
/** Later times are no dates, of a browser or of the server. */
const LATEST_S = 8.64e12

/** Start and end in s since 1970. Undefined if it cannot be read, or is empty. */
export function resolve({ from, to }: TimeRange, now = Date.now() / 1000): { from: number; to: number } | undefined {
  const start = timeOf(from, now)
  const end = timeOf(to, now)
  if (start === undefined || end === undefined || end - start < SHORTEST_S) return undefined
  return start < 0 || end > LATEST_S ? undefined : { from: start, to: end }
}

/** True if it moves with the clock. */
export const isRelative = ({ to }: TimeRange) => to.startsWith('now')

function timeOf(text: string, now: number): number | undefined {
  const [, amount, unit] = RELATIVE.exec(text) ?? []
  if (amount !== undefined) return now - Number(amount) * SECONDS[unit]
  if (text === 'now') return now
  const time = Number(text)
  return text !== '' && Number.isFinite(time) && time >= 0 ? time : undefined
}
