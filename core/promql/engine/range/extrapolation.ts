import type { Window } from './window.ts'

/** How much farther than the mean distance of samples the window's edge may be: then the series is taken to go on to it. */
const MOST_DISTANCES = 1.1

/**
 * By how much an increase between two samples grows if the window's edges are reached at the same slope. An edge that is
 * far from the samples is not: the series is taken to begin or end half a mean distance from them.
 * `zeroDistance` is how far before the first sample the counter was 0, in parts of the time between the samples: a
 * counter is not extrapolated below 0.
 */
export function extrapolationFactor(
  window: Window,
  firstTime: number,
  lastTime: number,
  count: number,
  zeroDistance: number
): number {
  const sampled = (lastTime - firstTime) / 1000
  if (sampled === 0) return 1
  const distance = sampled / (count - 1)
  const near = distance * MOST_DISTANCES
  let toStart = (firstTime - (window.until - window.rangeMs)) / 1000
  let toEnd = (window.until - lastTime) / 1000
  if (toStart >= near) toStart = distance / 2
  if (sampled * zeroDistance < toStart) toStart = sampled * zeroDistance
  if (toEnd >= near) toEnd = distance / 2
  return (sampled + toStart + toEnd) / sampled
}
