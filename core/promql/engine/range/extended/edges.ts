import type { Window } from '../window.ts'

/**
 * Modifier of a range selector. `anchored`: the range begins with the last sample before it. `smoothed`: samples at both
 * bounds are interpolated. https://prometheus.io/docs/prometheus/latest/feature_flags/
 */
export type Extension = 'anchored' | 'smoothed'

/** The samples, by index, that the bounds of a range are made of. */
export interface Edges {
  readonly first: number
  readonly last: number
}

/** Undefined if the range has no sample. `times` are those of `window` from `first` on, before `end`. */
export function edgesOf(
  window: Window,
  times: Float64Array,
  first: number,
  end: number,
  extension: Extension
): Edges | undefined {
  const after = window.until - window.rangeMs
  const newest = end - 1
  let begin = first
  while (begin < newest && times[begin + 1]! <= after) begin++
  const last = extension === 'smoothed' ? firstFrom(times, begin, newest, window.until) : newest
  if (times[last]! <= after || (extension === 'smoothed' && times[begin]! > window.until)) return undefined
  return { first: begin, last }
}

/** The first sample that is not before `time`, or the newest one. */
function firstFrom(times: Float64Array, begin: number, newest: number, time: number): number {
  let index = begin
  while (index < newest && times[index]! < time) index++
  return index
}
