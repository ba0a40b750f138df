import { type MatchConfig, matchSchema } from '../../core/model/matching/config.ts'
import { AGGREGATION_NAMES, type AggregationName } from '../../core/windows/aggregations/index.ts'
import { maxStaleSchema } from '../../core/windows/expiry.ts'
import type { LatePolicy, OutputKind } from '../../core/windows/settings.ts'
import { type ConfigSchema, duration, type JsonSchema } from '../../sdk/plugin/index.ts'

export interface Config extends RuleConfig {
  /** A rule takes options that it does not have from the options above. */
  readonly rules?: readonly Partial<RuleConfig>[]
  /** ms */
  readonly allowed_lateness: number
  /** ms */
  readonly idle_timeout: number
  readonly max_source_lag: number
  /** ms */
  readonly max_future_skew: number
  /** ms */
  readonly max_stale?: number
}

export interface RuleConfig {
  readonly match?: MatchConfig
  readonly by?: readonly string[]
  readonly without?: readonly string[]
  readonly aggregations?: readonly AggregationName[]
  readonly attribute?: string
  readonly quantiles: readonly number[]
  readonly relative_error: number
  readonly buckets: boolean
  readonly name?: string
  /** Sizes in ms; `every` undefined: as often as the smallest other window ends. */
  readonly windows: readonly WindowConfig[]
  readonly output: readonly OutputKind[]
  readonly late: LatePolicy
  /** ms */
  readonly amend_for: number
  readonly max_groups: number
}
export type WindowConfig = number | { readonly size: number; readonly every?: number }

const attributeNames = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true }

const windowSize: JsonSchema = {
  ...duration({ description: 'Size of a window.' }),
  type: ['string', 'object'],
  'x-expected': 'a duration such as 10s or 1h, or {size: 5m, every: 1m}',
  properties: {
    size: duration({ description: 'How much time the window covers.' }),
    every: duration({ description: 'How often one ends. Without it as often as the smallest other window.' })
  },
  required: ['size'],
  additionalProperties: false
}

const ruleOptions: Readonly<Record<keyof RuleConfig, JsonSchema>> = {
  match: matchSchema('Points and events to aggregate; all others pass through. Without it, all that can be.'),
  by: {
    ...attributeNames,
    description:
      'Attributes to keep, of the point or else of its resource; all others are summed over. Without it all are kept.'
  },
  without: { ...attributeNames, description: 'Attributes to sum over; all others are kept.' },
  aggregations: {
    type: 'array',
    items: { type: 'string', enum: AGGREGATION_NAMES },
    minItems: 1,
    uniqueItems: true,
    description: 'Functions of the values. Without it the usual ones of each kind: see the README.'
  },
  attribute: {
    type: 'string',
    minLength: 1,
    description: 'An attribute to aggregate instead of the value, such as the one `unique` counts. Never a label.'
  },
  quantiles: {
    type: 'array',
    items: { type: 'number', minimum: 0, maximum: 1 },
    minItems: 1,
    uniqueItems: true,
    description: 'Those that the aggregation `quantiles` sends.',
    default: [0.5, 0.9, 0.99]
  },
  relative_error: {
    type: 'number',
    minimum: 0.001,
    maximum: 0.5,
    description: 'How far quantiles may be off, as a share of their value.',
    default: 0.01
  },
  buckets: {
    type: 'boolean',
    description: 'Whether histograms keep their buckets, or count, sum, least and greatest alone.',
    default: true
  },
  name: {
    type: 'string',
    minLength: 1,
    description: 'Names of the output metrics, made of {name}, {aggregation} and {window}.'
  },
  windows: {
    type: 'array',
    items: windowSize,
    minItems: 1,
    description: 'Sizes of the windows, aligned to the Unix epoch: `1m`, or `{size: 5m, every: 1m}` if they overlap.',
    default: ['1s', '10s', '1m', '1h']
  },
  output: {
    type: 'array',
    items: { type: 'string', enum: ['delta', 'cumulative'] },
    minItems: 1,
    uniqueItems: true,
    description:
      'delta: one point per window, with the attribute `window`. cumulative: a counter or histogram that only grows, of counts, sums and histograms.',
    default: ['delta', 'cumulative']
  },
  late: {
    type: 'string',
    enum: ['add', 'drop', 'amend', 'side_output'],
    description:
      'Points for windows already sent. add: count them in the cumulative series and in a window series with late="true". drop: count them as dropped. amend: count them, and send the window again. side_output: send them on as they are, with late="true".',
    default: 'add'
  },
  amend_for: duration({
    description: 'With `late: amend`, how long after its end a window can be amended; later points are dropped.',
    default: '10m'
  }),
  max_groups: {
    type: 'integer',
    minimum: 1,
    description: 'Most groups kept; further ones are counted in one group a metric, with otel.metric.overflow="true".',
    default: 1_000_000
  }
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    ...ruleOptions,
    rules: {
      type: 'array',
      items: { type: 'object', properties: mapped(ruleOptions, withoutDefault), additionalProperties: false },
      minItems: 1,
      description: 'Rules, each with options of its own; the others are as above. Without it there is one.'
    },
    allowed_lateness: duration({
      description: 'How long a window waits for points that come out of order, measured in event time.',
      default: '2s'
    }),
    idle_timeout: duration({
      description: 'A source silent for this long no longer holds windows open.',
      default: '2s'
    }),
    max_source_lag: duration({
      description: 'A source further than this behind the one furthest ahead no longer holds windows open.',
      default: '1m'
    }),
    max_future_skew: duration({
      description: 'Points further ahead of the clock than this are dropped as `future`.',
      default: '5m'
    }),
    max_stale: maxStaleSchema
  }
}

function mapped(
  options: Readonly<Record<string, JsonSchema>>,
  change: (option: JsonSchema) => JsonSchema
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, change(option)]))
}

function withoutDefault({ default: _, ...option }: JsonSchema): JsonSchema {
  return option
}
