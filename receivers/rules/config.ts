import { TENANT_OPTION } from '../../core/http/tenants/config.ts'
import type { QueryServiceOptions } from '../../core/queries/query-service.ts'
import {
  type ConfigProblem,
  type ConfigSchema,
  duration,
  EXPORTER_NAME,
  type ItemLimits,
  LIMITS_SCHEMA
} from '../../sdk/plugin/index.ts'

export interface Config {
  readonly files: readonly string[]
  readonly store: string
  /** ms, as are all times here. */
  readonly evaluation_interval: number
  readonly query_offset: number
  readonly timeout: number
  readonly resend_delay: number
  readonly external_labels: Readonly<Record<string, string>>
  readonly external_url: string
  readonly alertmanagers: readonly AlertmanagerConfig[]
  readonly max_series: number
  readonly max_samples: number
  readonly tenant?: string
  readonly limits: ItemLimits
}

export interface AlertmanagerConfig {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: number
}

/** Rules wait for each other rather than to be refused. */
const QUEUE = { maxConcurrent: 4, maxQueued: 10_000, queueTimeoutMs: 60_000 }
/** As in Prometheus. */
const LOOKBACK_MS = 300_000
const URL_PATTERN = '^https?://[^/?#]+(/[^?#]*)?$'

export const schema: ConfigSchema = {
  type: 'object',
  required: ['files', 'store'],
  properties: {
    files: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description: 'Rule files, or patterns such as rules/*.yml. Files are read again when they change.'
    },
    store: {
      type: 'string',
      minLength: 1,
      [EXPORTER_NAME]: true,
      description: 'Id of the exporter whose store is asked, such as `clickhouse`.'
    },
    evaluation_interval: duration({ description: 'Time between evaluations of groups that set none.', default: '1m' }),
    query_offset: duration({
      description: 'How long before their evaluation rules look, for groups that set none: data may come late.',
      default: '0s'
    }),
    timeout: duration({ description: 'Longest time of a query.', default: '30s' }),
    resend_delay: duration({
      description: 'Time until Alertmanager is told again of an alert that goes on.',
      default: '1m'
    }),
    external_labels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Labels added to alerts without such a label of their own.',
      default: {}
    },
    external_url: {
      type: 'string',
      pattern: `^$|${URL_PATTERN}`,
      'x-expected': 'a URL such as https://grafana.example.com',
      description: 'URL at which people reach this Weir or its Grafana, for links in alerts.',
      default: ''
    },
    alertmanagers: {
      type: 'array',
      description: 'Alertmanagers; each is told of every alert.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['url'],
        properties: {
          url: {
            type: 'string',
            pattern: URL_PATTERN,
            'x-expected': 'a URL such as http://127.0.0.1:9093',
            description: 'Its URL, without `/api/v2/alerts`.'
          },
          headers: {
            type: 'object',
            additionalProperties: { type: 'string' },
            writeOnly: true,
            description: 'HTTP headers added to every request, such as Authorization.',
            default: {}
          },
          timeout: duration({ description: 'Longest time of a request.', default: '10s' })
        }
      },
      default: []
    },
    max_series: {
      type: 'integer',
      minimum: 1,
      description: 'Most series that one selector may match.',
      default: 200_000
    },
    max_samples: {
      type: 'integer',
      minimum: 1,
      description: 'Most samples that queries may hold in memory.',
      default: 20_000_000
    },
    tenant: TENANT_OPTION,
    limits: LIMITS_SCHEMA
  }
}

/** How queries are run. Each result is new, so none is cached. */
export function serviceOptions({ timeout, max_series, max_samples }: Config): QueryServiceOptions {
  return {
    ...QUEUE,
    threads: 1,
    limits: { maxSeries: max_series, maxSamples: max_samples },
    lookbackMs: LOOKBACK_MS,
    cacheBytes: 0,
    experimental: false,
    timeoutMs: timeout
  }
}

export function check({ evaluation_interval }: Config): ConfigProblem[] {
  if (evaluation_interval > 0) return []
  return [{ path: ['evaluation_interval'], message: 'it must be more than 0' }]
}
