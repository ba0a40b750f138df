import type { ConfigProblem, ConfigSchema } from '../schema/json-schema.ts'
import { duration } from '../schema/units.ts'
import { matchBound } from './matching/bound.ts'
import { checkMatch } from './matching/check.ts'
import { type MatchConfig, matchSchema } from './matching/config.ts'
import { SERIES_MEMO_BYTES } from './series-memo.ts'
import { SERIES_BYTES_PER_STREAM } from './stream-table.ts'

/** Options that bound a `StreamTable`, for processors that have state for each series. */
export interface StreamOptions {
  readonly max_streams: number
  /** ms */
  readonly max_stale: number
  readonly match?: MatchConfig
}

const SHORTEST_STALE_MS = 1000
/** A histogram with 160 buckets of each sign. A counter takes 300. */
const BYTES_PER_STREAM = 3000

/** @param remembered state of a series, in words @param converted the series that are converted without `match` */
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
        description: 'A series silent for this long expires, and begins anew when it comes back. At least 1s.',
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
  max_streams * (BYTES_PER_STREAM + SERIES_BYTES_PER_STREAM) + SERIES_MEMO_BYTES + matchBound(match)
