import { checkConnectionLimits } from '../../core/http/connection-limits.ts'
import { AUTH_SCHEMA, SERVER_OPTIONS, type ServerOptions } from '../../core/http/server-options.ts'
import { isLabelName } from '../../core/wire/prometheus/label-names.ts'
import type { TranslationStrategy } from '../../core/wire/prometheus/translation-strategy.ts'
import { type ConfigProblem, type ConfigSchema, duration, endpoint } from '../../sdk/plugin/index.ts'

/** Names beyond letters, digits and underscores fail the whole scrape of older scrapers. */
const STRATEGIES = ['UnderscoreEscapingWithSuffixes', 'UnderscoreEscapingWithoutSuffixes'] as const

export interface Config extends ServerOptions {
  readonly endpoint: string
  readonly path: string
  /** ms */
  readonly metric_expiration: number
  readonly max_series: number
  readonly const_labels: Readonly<Record<string, string>>
  readonly translation_strategy: Extract<TranslationStrategy, (typeof STRATEGIES)[number]>
  readonly promote_resource_attributes: readonly string[]
  readonly target_info: boolean
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: endpoint({
      description: 'Address to listen on, `host:port`; port 0 takes a free one.',
      default: '127.0.0.1:9464'
    }),
    path: {
      type: 'string',
      pattern: '^/[A-Za-z0-9._~/-]*$',
      description: 'Path that is scraped.',
      default: '/metrics'
    },
    ...SERVER_OPTIONS,
    auth: {
      ...AUTH_SCHEMA,
      description:
        'Entry of `service.authenticators` that tells scrapers by their credentials. Without it anybody may scrape.'
    },
    metric_expiration: duration({
      description: 'A series is exposed for so long after its last point.',
      default: '5m'
    }),
    max_series: {
      type: 'integer',
      minimum: 1,
      description: 'Most series exposed. Points of more are dropped as too_many_series.',
      default: 100_000
    },
    const_labels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Labels added to every series that has no such label of its own.',
      default: {}
    },
    translation_strategy: {
      enum: STRATEGIES,
      description: 'Translation of OpenTelemetry names to Prometheus names.',
      default: 'UnderscoreEscapingWithSuffixes'
    },
    promote_resource_attributes: {
      type: 'array',
      items: { type: 'string' },
      description: 'Resource attributes to put on every series as labels, besides job and instance.',
      default: []
    },
    target_info: { type: 'boolean', description: 'Expose resource attributes as target_info.', default: true }
  }
}

export function check(config: Config): ConfigProblem[] {
  const { const_labels, translation_strategy, metric_expiration } = config
  const problems: ConfigProblem[] = Object.keys(const_labels)
    .filter(name => !isLabelName(name, translation_strategy))
    .map(name => ({
      path: ['const_labels', name],
      message: `"${name}" is not a valid label name: use letters, digits and _, no digit first, and not __name__`
    }))
  if (metric_expiration === 0)
    problems.push({ path: ['metric_expiration'], message: 'it must be more than 0: nothing would be exposed' })
  return [...problems, ...checkConnectionLimits(config)]
}
