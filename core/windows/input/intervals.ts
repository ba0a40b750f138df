import type { PointBlock } from '../../model/points.ts'

/** Times keep microseconds. */
const INSTANT_MS = 0.001

/** The instant at which point `i` counts, Unix ms: that of a delta is {@link instantOfDelta}, others count at their time. */
export function instantOf({ series, time, start }: PointBlock, i: number): number {
  const isDelta = start[i] !== 0 && series.metricOf(i).temporality === 'delta'
  return isDelta ? instantOfDelta(start[i], time[i]) : time[i]
}

/**
 * A delta counts in the last instant of its interval. That is without its start and with its end, as in OpenTelemetry, so a
 * delta that ends with a window belongs to it. One without an interval counts at its time.
 *
 * @param start Unix ms, or 0
 */
export function instantOfDelta(start: number, time: number): number {
  return start !== 0 && start < time ? time - INSTANT_MS : time
}
