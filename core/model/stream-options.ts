import { duration } from '../config/units.ts'
import type { ConfigProblem, ConfigSchema } from '../plugin/contract.ts'
import { matchBound } from './matching/bound.ts'
import { checkMatch } from './matching/check.ts'
import { type MatchConfig, matchSchema } from './matching/config.ts'
import { SERIES_CACHE_BYTES } from './series-cache.ts'
import { SERIES_BYTES_PER_STREAM } from './stream-table.ts'

/** Of processors that remember something of each series: what bounds a `StreamTable`. */
export interface StreamOptions {
  readonly max_streams: number
  /** ms */
  readonly max_stale: number
  readonly match?: MatchConfig
}

const SHORTEST_STALE_MS = 1000
/** Of a histogram, with 160 buckets of each sign. Of a counter it is 300. */
const BYTES_PER_STREAM = 3000

/** @param remembered of a series, in words @param converted the series that are, without `match` */
export function streamSchema({ remembered, converted }: { remembered: string; converted: string }): ConfigSchema {
  return {
    type: 'object',
    properties: {
      max_streams: {
        type: 'integer',
        minimum: 1,
        description: `Most series whose ${remembered} is remembered; points of further ones are dropped.`,
        default: 100_000
      },
      max_stale: duration({
        description: 'A series silent for this long is forgotten, and begins anew when it comes back. At least 1s.',
        default: '1h'
      }),
      match: matchSchema(`Series that are converted; the others pass. Without it, all ${converted}.`)
    }
  }
}

export function checkStreamOptions({ max_stale, match }: StreamOptions): ConfigProblem[] {
  const problems = match === undefined ? [] : checkMatch(match, ['match'])
  if (max_stale < SHORTEST_STALE_MS) problems.push({ path: ['max_stale'], message: 'it must be at least 1s' })
  return problems
}

/** Most bytes that will be remembered. */
export const streamsBound = ({ max_streams, match }: StreamOptions) =>
  max_streams * (BYTES_PER_STREAM + SERIES_BYTES_PER_STREAM) + SERIES_CACHE_BYTES + matchBound(match)
