import type { Admission } from './admission.ts'
import type { Counted } from './space-saving.ts'
import type { MetricState, TrackedSeries } from './state.ts'

/** A candidate replaces an admitted series that comes less than half as often: no back and forth between equals. */
const TIMES_HEAVIER = 2
/** Guaranteed points of a candidate that deserves a place, or further counting: a series may come only once. */
const LEAST_POINTS = 2
/** At most this share of a metric's places changes hands at a time. */
const MOST_REPLACED = 0.25

/**
 * Gives the places of a metric to the series that come most. Silent series lose theirs, then series that come far less
 * often than a candidate. Freed places are held for the candidates until the next run.
 */
export function expire(
  admission: Admission,
  now: number,
  idleExpiry: number,
  onEvict: (entry: TrackedSeries) => void
): void {
  const worthy = worthyCandidates(admission)
  const candidates = byMetric(worthy)
  for (const metric of [...admission.metrics.values()]) {
    const evict = (entry: TrackedSeries) => {
      admission.evict(entry)
      onEvict(entry)
    }
    for (const entry of [...metric.tracked.values()]) if (now - entry.lastSeen >= idleExpiry) evict(entry)
    metric.invited.clear()
    if (metric.isPressed) invite(admission, metric, candidates.get(metric) ?? [], evict)
    metric.wasPressed = metric.isPressed
    metric.isPressed = false
    if (!metric.wasPressed) metric.overSince = undefined
    for (const entry of metric.tracked.values()) entry.count /= 2
    if (metric.tracked.size === 0 && now - metric.lastSeen >= idleExpiry) admission.evictMetric(metric)
  }
  admission.expireIdleTenants(now - idleExpiry)
  admission.expiryRuns++
  admission.candidates.reset(halved(worthy))
}

function invite(
  admission: Admission,
  metric: MetricState,
  candidates: readonly Counted<MetricState>[],
  evict: (entry: TrackedSeries) => void
): void {
  const free = admission.free(metric)
  // A series tracked since the last run has not had the time to come often.
  const weakest = [...metric.tracked.values()]
    .filter(({ since }) => since < admission.expiryRuns)
    .sort((a, b) => a.count - b.count || (a.key < b.key ? -1 : 1))
  const mostReplaced = Math.ceil(metric.limits.maxSeries * MOST_REPLACED)
  let replaced = 0
  for (const { key, count, error } of candidates) {
    if (metric.invited.size < free) {
      metric.invited.add(key)
      continue
    }
    const weak = weakest[replaced]
    if (weak === undefined || replaced >= mostReplaced || count - error <= TIMES_HEAVIER * weak.count) return
    replaced++
    evict(weak)
    metric.invited.add(key)
  }
}

/** The heaviest first. */
function worthyCandidates(admission: Admission): Counted<MetricState>[] {
  const worthy: Counted<MetricState>[] = []
  for (const candidate of admission.candidates.all())
    if (candidate.count - candidate.error >= LEAST_POINTS) worthy.push(candidate)
  return worthy.sort((a, b) => b.count - b.error - (a.count - a.error) || (a.key < b.key ? -1 : 1))
}

function byMetric(candidates: readonly Counted<MetricState>[]): Map<MetricState, Counted<MetricState>[]> {
  const of = new Map<MetricState, Counted<MetricState>[]>()
  for (const candidate of candidates) {
    const known = of.get(candidate.owner)
    if (known === undefined) of.set(candidate.owner, [candidate])
    else known.push(candidate)
  }
  return of
}

/** The candidates that are counted further: with half the count, the lightest first. */
function halved(candidates: readonly Counted<MetricState>[]): Counted<MetricState>[] {
  const left = candidates.filter(({ key, owner }) => !owner.isEvicted && !owner.tracked.has(key))
  return left
    .map(({ key, owner, count, error }) => ({ key, owner, count: count / 2, error: error / 2 }))
    .sort((a, b) => a.count - b.count || (a.key < b.key ? -1 : 1))
}
