import { checkMatch } from '../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema } from '../../core/model/matching/config.ts'
import { type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly max_streams: number
  /** ms */
  readonly max_stale: number
  readonly match?: MatchConfig
}

const SHORTEST_STALE_MS = 1000
/** Of a histogram: its total, 160 buckets of each sign. Of a counter it is 300. */
const BYTES_PER_STREAM = 3000

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    max_streams: {
      type: 'integer',
      minimum: 1,
      description: 'Most series whose total is remembered; points of further ones are dropped.',
      default: 100_000
    },
    max_stale: duration({
      description: 'A series silent for this long is forgotten, and begins anew when it comes back. At least 1s.',
      default: '1h'
    }),
    match: matchSchema(
      'Series that are converted; the others pass. Without it, all delta counters, up-down counters and histograms.'
    )
  }
}

export function check({ max_stale, match }: Config): ConfigProblem[] {
  const problems = match === undefined ? [] : checkMatch(match, ['match'])
  if (max_stale < SHORTEST_STALE_MS) problems.push({ path: ['max_stale'], message: 'it must be at least 1s' })
  return problems
}

/** Most bytes it will remember. */
export const memoryBound = ({ max_streams }: Config) => max_streams * BYTES_PER_STREAM
