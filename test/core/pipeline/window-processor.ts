import { type MatchConfig, matchSchema } from '../../../core/model/matching/config.ts'
import { USUAL_LIMITS } from '../../../core/model/sketch/exponential-counts.ts'
import type { ProcessorPlugin } from '../../../core/plugin/contract.ts'
import type { JsonSchema } from '../../../core/schema/json-schema.ts'
import { duration } from '../../../core/schema/units.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import type { OutputKind, RuleSettings, WindowSettings } from '../../../core/windows/settings.ts'

interface Rule {
  readonly match?: MatchConfig
  readonly name?: string
  readonly windows: readonly number[]
}

interface Config extends Rule {
  /** Each takes from the options above what it does not say itself. */
  readonly rules: readonly Partial<Rule>[]
  readonly output: readonly OutputKind[]
  readonly allowed_lateness: number
  readonly idle_timeout: number
  readonly max_future_skew: number
}

const NEVER_BEHIND_MS = 60_000
const MAX_GROUPS = 1_000_000

const windows: JsonSchema = { type: 'array', items: duration({ description: 'Size of a window.' }) }

/** A processor that owns data: the windows of core, under the few options that tests of pipelines need. */
export const windowProcessor: ProcessorPlugin<Config> = {
  api: 2,
  kind: 'processor',
  type: 'windows',
  stability: 'development',
  description: 'Adds up points in windows of event time.',
  schema: {
    type: 'object',
    properties: {
      windows: { ...windows, default: ['1s', '10s', '1m', '1h'] },
      rules: {
        type: 'array',
        items: { type: 'object', properties: { windows, match: matchSchema('Points to count.'), name: {} } },
        default: [{}]
      },
      output: { type: 'array', default: ['delta', 'cumulative'] },
      allowed_lateness: duration({ description: 'How long a window waits.', default: '2s' }),
      idle_timeout: duration({ description: 'How long a silent source holds windows open.', default: '2s' }),
      max_future_skew: duration({ description: 'How far ahead of the clock points may be.', default: '5m' })
    }
  },
  ports: { in: 'any', out: 'points' },
  ownsData: true,
  create: (config, context) => new WindowEngine(settingsOf(config), context)
}

function settingsOf(config: Config): WindowSettings {
  return {
    rules: config.rules.map(rule => ruleSettings({ ...config, ...rule })),
    allowedLatenessMs: config.allowed_lateness,
    idleTimeoutMs: config.idle_timeout,
    maxSourceLagMs: NEVER_BEHIND_MS,
    maxFutureSkewMs: config.max_future_skew
  }
}

function ruleSettings({ match, name, windows, output }: Config): RuleSettings {
  return {
    match,
    name,
    output,
    windows: windows.map(sizeMs => ({ sizeMs, everyMs: sizeMs })),
    windowAttribute: 'window',
    by: undefined,
    without: [],
    aggregations: undefined,
    gauges: [],
    attribute: undefined,
    quantiles: [],
    limits: USUAL_LIMITS,
    buckets: true,
    late: 'add',
    amendMs: 0,
    maxGroups: MAX_GROUPS
  }
}
