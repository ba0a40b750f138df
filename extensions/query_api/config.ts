import { AUTH_SCHEMA, SERVER_OPTIONS, type ServerOptions } from '../../core/http/server-options.ts'
import type { QueryServiceOptions } from '../../core/queries/query-service.ts'
import {
  byteSize,
  type ConfigProblem,
  type ConfigSchema,
  duration,
  EXPORTER_NAME,
  endpoint
} from '../../sdk/plugin/index.ts'

/** A dashboard's queries are evaluated side by side. */
const THREADS = 2

export interface Config extends ServerOptions {
  readonly endpoint: string
  readonly path_prefix: string
  /** Id of an exporter. */
  readonly store?: string
  readonly forward?: ForwardConfig
  readonly tenant_label: string
  /** ms */
  readonly timeout: number
  /** ms */
  readonly lookback_delta: number
  readonly max_concurrent: number
  readonly max_queued: number
  /** ms */
  readonly queue_timeout: number
  readonly max_series: number
  readonly max_samples: number
  /** Bytes. */
  readonly cache_size: number
  readonly experimental_functions: boolean
}

export interface ForwardConfig {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
}

const count = (description: string, value: number) => ({ type: 'integer', minimum: 1, description, default: value })

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: endpoint({
      description: 'Address to listen on, `host:port`; port 0 takes a free one.',
      default: '127.0.0.1:13134'
    }),
    path_prefix: {
      type: 'string',
      pattern: '^(/[A-Za-z0-9._~-]+)*$',
      'x-expected': 'a path such as /prometheus, without a slash at its end',
      description: 'Comes before `/api/v1/…` in all paths.',
      default: ''
    },
    store: {
      type: 'string',
      minLength: 1,
      [EXPORTER_NAME]: true,
      description: 'Id of the exporter whose store is asked, such as `clickhouse`. Either this or `forward`.'
    },
    forward: {
      type: 'object',
      additionalProperties: false,
      required: ['endpoint'],
      description: 'Another server with the Prometheus HTTP API, such as VictoriaMetrics, that is asked instead.',
      properties: {
        endpoint: {
          type: 'string',
          pattern: '^https?://[^/?#]+(/[^?#]*)?$',
          'x-expected': 'a URL such as http://127.0.0.1:8428',
          description: 'Its URL, without `/api/v1`.'
        },
        headers: {
          type: 'object',
          additionalProperties: { type: 'string' },
          writeOnly: true,
          description: 'HTTP headers added to every request, such as Authorization.',
          default: {}
        }
      }
    },
    ...SERVER_OPTIONS,
    auth: {
      ...AUTH_SCHEMA,
      description:
        'Entry of `service.authenticators` that tells readers by their credentials. Without it anybody may ask.'
    },
    tenant_label: {
      type: 'string',
      pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$',
      description: 'Label of series that names their tenant. With `service.tenants`, a reader sees its own tenant’s.',
      default: 'weir_tenant'
    },
    timeout: duration({ description: 'Longest time of a query.', default: '30s' }),
    lookback_delta: duration({ description: 'How far an instant selector looks back for a sample.', default: '5m' }),
    max_concurrent: count('Queries that run at once.', 8),
    max_queued: count('Queries of one tenant that wait; more get 503.', 64),
    queue_timeout: duration({ description: 'Longest time a query waits before it gets 503.', default: '15s' }),
    max_series: count('Most series that one selector may match.', 200_000),
    max_samples: count('Most samples that the queries of one thread may hold in memory.', 20_000_000),
    cache_size: byteSize({
      description: 'Results of range queries kept to be used again; 0B keeps none.',
      default: '64MiB'
    }),
    experimental_functions: {
      type: 'boolean',
      description: 'Allows functions and aggregations that Prometheus marks as experimental.',
      default: false
    }
  }
}

/** How the store's queries are run. */
export function serviceOptions(config: Config): QueryServiceOptions {
  return {
    threads: THREADS,
    limits: { maxSeries: config.max_series, maxSamples: config.max_samples },
    lookbackMs: config.lookback_delta,
    cacheBytes: config.cache_size,
    experimental: config.experimental_functions,
    timeoutMs: config.timeout,
    maxConcurrent: config.max_concurrent,
    maxQueued: config.max_queued,
    queueTimeoutMs: config.queue_timeout
  }
}

export function check({ store, forward }: Config): ConfigProblem[] {
  if ((store === undefined) !== (forward === undefined)) return []
  return [{ path: [], message: 'give either store, the id of an exporter such as clickhouse, or forward' }]
}
