/** The times that a table can keep, in Unix ms. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

const SECOND_MS = 1000
/** A DateTime, by which a TTL is counted, ends in February 2106 and then begins anew in 1970. */
const MAX_DATETIME_S = 2 ** 32 - 1
/** DateTime64 in microseconds: 1900 to 2299. */
export const MICROSECOND_RANGE: TimeRange = { from: -2_208_988_800_000, to: 10_413_791_999_999 }
/** DateTime64 in nanoseconds: 1900 to 2262. */
export const NANOSECOND_RANGE: TimeRange = { from: MICROSECOND_RANGE.from, to: 9_223_372_036_853 }
/** A Date, by which partitions are made, ends on 6 June 2149. */
export const DATE_END_MS = Date.UTC(2149, 5, 7) - 1

/** Times whose end by the TTL a DateTime can hold: others would be gone at once, or stay for decades. */
export function dateTimeRange(ttlMs: number): TimeRange {
  return { from: 0, to: (MAX_DATETIME_S - Math.ceil(ttlMs / SECOND_MS)) * SECOND_MS }
}

/** Not for a time that is no number. */
export function isWithin(ms: number, { from, to }: TimeRange): boolean {
  return ms >= from && ms <= to
}

/** The indexes of `times` that are outside of `range`. */
export function outside(times: Float64Array, range: TimeRange): number[] {
  const indexes: number[] = []
  for (let i = 0; i < times.length; i++) if (!isWithin(times[i], range)) indexes.push(i)
  return indexes
}
