import type { StoreConfig, TierConfig } from './request.ts'

/** Shorter queries are fast enough on the points as they came. */
const LONG_QUERY_MS = 6 * 3_600_000
/** Steps of graphs over weeks. Of one that is drawn again, only the last steps are asked for. */
const LONG_STEP_MS = 3_600_000

export interface QueryShape {
  /** Unix ms of the oldest samples, and of the last evaluation. */
  readonly after: number
  readonly start: number
  readonly end: number
  readonly stepMs: number
  readonly rangeMs: number
}

/** Of the tier's tables. */
export const suffixOf = ({ name }: TierConfig) => `_${name}`

/** True if the points as they came have been deleted, from the beginning of this query on. */
export const hasExpired = ({ ttlMs }: StoreConfig, after: number, now: number) => ttlMs > 0 && after < now - ttlMs

/**
 * Tiers in place of points that are not there, the best first: the coarsest one that has two intervals in each range,
 * finer ones, and then coarser ones. Those that keep the beginning of the query come before all others.
 */
export function tiersInstead({ tiers }: StoreConfig, { after, rangeMs }: QueryShape, now: number): TierConfig[] {
  const isKept = ({ ttlMs }: TierConfig) => ttlMs === 0 || after >= now - ttlMs
  // A rate needs two samples in its range.
  const isFine = ({ sizeMs }: TierConfig) => sizeMs <= rangeMs / 2
  const byUse = [...tiers.filter(isFine).reverse(), ...tiers.filter(tier => !isFine(tier))]
  const others = byUse.filter(tier => !isKept(tier)).sort((a, b) => b.ttlMs - a.ttlMs)
  return [...byUse.filter(isKept), ...others]
}

/**
 * Tiers that have the exact result of a long query, the coarsest first: all their intervals are wholly inside or outside
 * of each window.
 */
export function tiersAsExact({ tiers }: StoreConfig, shape: QueryShape, now: number): TierConfig[] {
  const { after, start, end, stepMs, rangeMs } = shape
  if (end - start < LONG_QUERY_MS && stepMs < LONG_STEP_MS) return []
  const isExact = ({ sizeMs, ttlMs }: TierConfig) =>
    (ttlMs === 0 || after >= now - ttlMs) && [start, stepMs, rangeMs].every(ms => ms % sizeMs === 0)
  return tiers.filter(isExact).reverse()
}
