import { USUAL_LIMITS } from '../../core/model/sketch/exponential-counts.ts'
import type { LatePolicy, OutputKind, WindowSettings } from '../../core/windows/settings.ts'
import { type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

export interface Config {
  /** Window sizes, ms. */
  readonly windows: readonly number[]
  readonly by?: readonly string[]
  readonly output: readonly OutputKind[]
  /** ms */
  readonly allowed_lateness: number
  /** ms */
  readonly idle_timeout: number
  /** ms */
  readonly max_future_skew: number
  readonly late: LatePolicy
  readonly max_groups: number
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    windows: {
      type: 'array',
      items: duration({ description: 'Size of a window.' }),
      minItems: 1,
      description: 'Sizes of the tumbling windows, aligned to the Unix epoch.',
      default: ['1s', '10s', '1m', '1h']
    },
    by: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      description:
        'Attributes to keep, of the point or else of its resource; all others are summed over. Without it all are kept.'
    },
    output: {
      type: 'array',
      items: { type: 'string', enum: ['delta', 'cumulative'] },
      minItems: 1,
      uniqueItems: true,
      description:
        'delta: one point per window, with the attribute `window`. cumulative: a counter or histogram that only grows; of sets there is none.',
      default: ['delta', 'cumulative']
    },
    allowed_lateness: duration({
      description: 'How long a window waits for points that come out of order, measured in event time.',
      default: '2s'
    }),
    idle_timeout: duration({
      description: 'A source silent for this long no longer holds windows open.',
      default: '2s'
    }),
    max_future_skew: duration({
      description: 'Points further ahead of the clock than this are dropped as `future`.',
      default: '5m'
    }),
    late: {
      type: 'string',
      enum: ['add', 'drop'],
      description:
        'Points for windows already sent. add: count them in the cumulative series and in a window series with late="true". drop: count them as dropped.',
      default: 'add'
    },
    max_groups: {
      type: 'integer',
      minimum: 1,
      description: 'Most groups kept; what is over is counted in one group a metric, with otel.metric.overflow="true".',
      default: 1_000_000
    }
  }
}

export function check(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  for (const [i, size] of config.windows.entries()) {
    if (size < 100) problems.push({ path: ['windows', i], message: 'a window must be at least 100ms long' })
    if (config.windows.indexOf(size) < i)
      problems.push({ path: ['windows', i], message: 'this size stands here twice' })
  }
  return problems
}

export function settingsOf(config: Config): WindowSettings {
  return {
    rules: [
      {
        match: undefined,
        by: config.by,
        without: [],
        aggregations: undefined,
        gauges: [],
        attribute: undefined,
        quantiles: [],
        limits: USUAL_LIMITS,
        buckets: true,
        name: undefined,
        windows: config.windows.map(sizeMs => ({ sizeMs, everyMs: sizeMs })),
        windowAttribute: 'window',
        output: config.output,
        late: config.late,
        amendMs: 0,
        maxGroups: config.max_groups
      }
    ],
    allowedLatenessMs: config.allowed_lateness,
    idleTimeoutMs: config.idle_timeout,
    maxFutureSkewMs: config.max_future_skew
  }
}
