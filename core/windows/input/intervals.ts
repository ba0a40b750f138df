import type { PointBlock } from '../../model/points.ts'

/** Times keep microseconds. */
const INSTANT_MS = 0.001

/**
 * The instants at which points count, Unix ms. A delta counts in the last instant of its interval. That is without its
 * start and with its end, as in OpenTelemetry, so a delta that ends with a window belongs to it. Other points count at
 * their time. If no instant differs from its time, this is the column of times itself.
 */
export function instantsOf({ series, time, start, length }: PointBlock): Float64Array {
  const { table, ids } = series
  let instants = time
  let context = -1
  let isDelta = false
  for (let i = 0; i < length; i++) {
    if (start[i] === 0 || start[i] >= time[i]) continue
    // Mostly the points of a metric come together.
    const own = table.contextIdOf(ids[i])
    if (own !== context) isDelta = table.context(own).metric.temporality === 'delta'
    context = own
    if (!isDelta) continue
    if (instants === time) instants = time.slice()
    instants[i] = time[i] - INSTANT_MS
  }
  return instants
}
