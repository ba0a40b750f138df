import { checkMaxStale, maxStaleSchema } from '../../core/windows/expiry.ts'
import { type ConfigProblem, type ConfigSchema, duration, formatDuration } from '../../sdk/plugin/index.ts'

/** Attributes without which buckets, or quantiles, of one distribution are added to each other. */
export const BUCKET_ATTRIBUTES = ['le', 'vmrange', 'quantile']
/** The attribute that tells tiers apart. */
export const TIER_ATTRIBUTE = 'rollup'
const LATE_ATTRIBUTE = 'late'
const SHORTEST_TIER_MS = 100

export type GaugeState = 'count' | 'sum' | 'min' | 'max' | 'last'

export interface Tier {
  /** ms */
  readonly size: number
  readonly attributes: Readonly<Record<string, string>>
}

export interface Config {
  readonly tiers: readonly Tier[]
  readonly by?: readonly string[]
  readonly without: readonly string[]
  /** Undefined: all that is right for the grouping. */
  readonly gauges?: readonly GaugeState[]
  readonly late: 'add' | 'amend' | 'drop'
  /** ms */
  readonly amend_for: number
  /** ms */
  readonly allowed_lateness: number
  /** ms */
  readonly idle_timeout: number
  readonly max_source_lag: number
  /** ms */
  readonly max_future_skew: number
  /** ms */
  readonly max_stale?: number
  readonly max_groups: number
}

const attributeNames = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true }

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    tiers: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['size'],
        properties: {
          size: duration({ description: 'Length of the intervals.' }),
          attributes: {
            type: 'object',
            additionalProperties: { type: 'string' },
            default: {},
            description: 'Added to the points of this tier, such as `vm_account_id` for a tenant of its own.'
          }
        }
      },
      description:
        'Sizes to keep, each a multiple of the one before, and attributes by which a store tells them apart.',
      default: [{ size: '1s' }, { size: '10s' }, { size: '1m' }, { size: '1h' }, { size: '1d' }]
    },
    by: {
      ...attributeNames,
      description: 'Attributes to keep, of the point or else of its resource. Without it all are kept.'
    },
    without: { ...attributeNames, default: [], description: 'Attributes to leave out; all others are kept.' },
    gauges: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      description:
        'The states of a gauge to keep: count, sum, min and max as series of their own, last under its own name. Without it all of them; with `by` or `without` all but last.'
    },
    late: {
      type: 'string',
      enum: ['add', 'amend', 'drop'],
      description:
        'Points for intervals already sent. add: count them, if a tier has sent theirs already in a series with late="true". amend: count them and send their intervals again, which takes a store that replaces. drop: count them as dropped.',
      default: 'add'
    },
    amend_for: duration({
      description: 'With late: amend, how long after their end intervals are kept for that; later points are dropped.',
      default: '10m'
    }),
    allowed_lateness: duration({
      description: 'How long an interval waits for points that come out of order, measured in event time.',
      default: '2s'
    }),
    idle_timeout: duration({
      description: 'A source silent for this long no longer holds intervals open.',
      default: '2s'
    }),
    max_source_lag: duration({
      description: 'A source further than this behind the one furthest ahead no longer holds intervals open.',
      default: '1m'
    }),
    max_future_skew: duration({
      description: 'Points further ahead of the clock than this are dropped as `future`.',
      default: '5m'
    }),
    max_stale: maxStaleSchema,
    max_groups: {
      type: 'integer',
      minimum: 1,
      description:
        'Most series kept a tier; further ones are added up in one a metric, with otel.metric.overflow="true".',
      default: 1_000_000
    }
  }
}

export function check(config: Config): ConfigProblem[] {
  const windows = config.tiers.map(({ size }) => ({ sizeMs: size, everyMs: size }))
  const staleProblems = checkMaxStale(config.max_stale, windows)
  return [...tierProblems(config), ...attributeProblems(config), ...gaugeProblems(config), ...staleProblems]
}

function* tierProblems({ tiers }: Config): Generator<ConfigProblem> {
  for (const [i, { size, attributes }] of tiers.entries()) {
    const path = ['tiers', i, 'size']
    const before = tiers[i - 1]?.size
    if (size < SHORTEST_TIER_MS)
      yield { path, message: `a tier must be at least ${formatDuration(SHORTEST_TIER_MS)} long` }
    else if (before !== undefined && (size <= before || size % before !== 0))
      yield {
        path,
        message: `${formatDuration(size)} is no multiple of ${formatDuration(before)}, the tier before: a tier is made by adding up whole intervals of it, so list them from small to large, each a multiple`
      }
    for (const key of [TIER_ATTRIBUTE, LATE_ATTRIBUTE])
      if (Object.hasOwn(attributes, key))
        yield {
          path: ['tiers', i, 'attributes', key],
          message: `\`${key}\` is set by rollup itself: choose another name`
        }
  }
}

function* attributeProblems({ by, without }: Config): Generator<ConfigProblem> {
  if (by !== undefined && without.length > 0)
    yield { path: ['without'], message: '`by` says all that is kept, so `without` has nothing to leave out: keep one' }
  for (const [i, key] of without.entries())
    if (BUCKET_ATTRIBUTES.includes(key))
      yield {
        path: ['without', i],
        message: `without \`${key}\` the buckets of a histogram would be added to each other: keep it, and ask for quantiles with it; to save series leave out other attributes, or send histograms as histograms`
      }
}

/** The states of gauges that are kept. */
export function gaugeStates({ gauges, by, without }: Config): readonly GaugeState[] {
  return (
    gauges ??
    (by === undefined && without.length === 0 ? ['count', 'sum', 'min', 'max', 'last'] : ['count', 'sum', 'min', 'max'])
  )
}

function* gaugeProblems({ gauges = [], by, without }: Config): Generator<ConfigProblem> {
  for (const [i, state] of gauges.entries()) {
    const message = GAUGE_REFUSALS.find(([pattern]) => pattern.test(state))?.[1]
    if (message !== undefined) yield { path: ['gauges', i], message }
  }
  if (gauges.includes('sum') && !gauges.includes('count'))
    yield {
      path: ['gauges', gauges.indexOf('sum')],
      message:
        'the sum of a gauge’s samples depends on how often it is sampled: keep `count` with it, which makes an average of any range, or leave it out'
    }
  if (gauges.includes('last') && (by !== undefined || without.length > 0))
    yield {
      path: ['gauges', gauges.indexOf('last')],
      message:
        'of several series that `by` or `without` makes one, the last sample is that of any: leave `last` out (gauges: [count, sum, min, max]), or keep all attributes'
    }
}

const GAUGE_REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /^(avg|average|mean)$/,
    'an average of averages is not the average: keep `sum` and `count`, and divide their sums when you ask'
  ],
  [
    /^(p\d+|median|quantiles?)$/,
    'quantiles of quantiles are no quantiles: send the values as a histogram or a timer, whose buckets merge'
  ],
  [/^(?!(count|sum|min|max|last)$)/, 'is not one of count, sum, min, max, last']
]
