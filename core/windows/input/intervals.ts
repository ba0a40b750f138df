import type { PointBlock } from '../../model/points.ts'

/** Times keep microseconds. */
const INSTANT_MS = 0.001

/**
 * When what points count happened, Unix ms: at their time, but for deltas in the last instant of their interval, which is
 * without its start and with its end, as OpenTelemetry has it. So one that ends where a window does is that window's. The
 * column of times itself where nothing differs.
 */
export function instantsOf({ series, time, start, length }: PointBlock): Float64Array {
  let instants = time
  for (let i = 0; i < length; i++) {
    if (start[i] === 0 || start[i] >= time[i] || series[i].metric.temporality !== 'delta') continue
    if (instants === time) instants = time.slice()
    instants[i] = time[i] - INSTANT_MS
  }
  return instants
}
