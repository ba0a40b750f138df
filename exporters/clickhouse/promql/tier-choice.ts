import type { StoreConfig, TierConfig } from './request.ts'

/** Shorter queries are fast enough on the points as they came. */
const LONG_QUERY_MS = 6 * 3_600_000

export interface QueryShape {
  /** Unix ms of the oldest samples, and of the last evaluation. */
  readonly after: number
  readonly start: number
  readonly end: number
  readonly stepMs: number
  readonly rangeMs: number
}

/** True if the points as they came have been deleted, from the beginning of this query on. */
export const hasExpired = ({ ttlMs }: StoreConfig, after: number, now: number) => ttlMs > 0 && after < now - ttlMs

/**
 * The tier in place of points that have been deleted: the coarsest one that still shows each step and each range, or
 * else the finest. Undefined if there are no tiers.
 */
export function tierInstead({ tiers }: StoreConfig, { after, stepMs, rangeMs }: QueryShape, now: number) {
  const longest = tiers.some(({ ttlMs }) => ttlMs === 0) ? 0 : Math.max(...tiers.map(({ ttlMs }) => ttlMs))
  const isKept = ({ ttlMs }: TierConfig) => ttlMs === 0 || after >= now - ttlMs
  const kept = tiers.some(isKept) ? tiers.filter(isKept) : tiers.filter(({ ttlMs }) => ttlMs === longest)
  // A rate needs two samples in its range.
  const isFine = ({ sizeMs }: TierConfig) => sizeMs <= Math.max(stepMs, rangeMs / 2) && sizeMs <= rangeMs / 2
  return kept.findLast(isFine) ?? kept[0]
}

/**
 * Tiers that have the exact result of a long query, the coarsest first: all their intervals are wholly inside or outside
 * of each window.
 */
export function tiersAsExact({ tiers }: StoreConfig, shape: QueryShape, now: number): TierConfig[] {
  const { after, start, end, stepMs, rangeMs } = shape
  if (end - start < LONG_QUERY_MS) return []
  const isExact = ({ sizeMs, ttlMs }: TierConfig) =>
    (ttlMs === 0 || after >= now - ttlMs) && [start, stepMs, rangeMs].every(ms => ms % sizeMs === 0)
  return tiers.filter(isExact).reverse()
}
