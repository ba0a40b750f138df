import type { Explanation, NamedSeries } from '../../sdk/plugin/index.ts'
import type { Buckets } from './buckets.ts'
import type { Keys } from './keys.ts'

/**
 * The fate of an item of a series that would come now.
 * @param over its fate if no token is left
 */
export function explainSeries(series: NamedSeries, keys: Keys, buckets: Buckets, over: Explanation): Explanation {
  const key = keys.ofNamed(series)
  if (key === undefined) return { fate: 'passes', why: 'it is not limited, since it does not match' }
  const { by } = keys
  const whose = by.length === 0 ? 'all items together' : `the items of one ${by.join(', ')}`
  const tokens = Math.max(0, Math.floor(buckets.tokensOf(key)))
  const limit = `${whose} may be ${buckets.rate} a second, and ${buckets.burst} at once: now ${tokens} are left`
  return tokens > 0 ? { fate: 'passes', why: limit } : { ...over, why: `${over.why}: ${limit}` }
}
