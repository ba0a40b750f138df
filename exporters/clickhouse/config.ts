import {
  byteSize,
  type ConfigProblem,
  type ConfigSchema,
  duration,
  formatDuration,
  parseDuration
} from '../../sdk/plugin/index.ts'

export interface Config {
  embedded?: string
  endpoint?: string
  username: string
  password: string
  database: string
  schema: 'compact' | 'otel'
  /** ms; 0 keeps forever */
  ttl: number
  /** By the value of the attribute `rollup`: ms; 0 keeps forever. */
  tiers: Readonly<Record<string, number>>
  create_schema: boolean
  /** Empty if there is one server. */
  cluster: string
  engine: 'merge_tree' | 'replicated'
  /** Bounds of queries by the admin server's route; durations in ms, sizes in bytes. */
  query: {
    readonly max_concurrent: number
    readonly max_queued: number
    readonly queue_timeout: number
    readonly max_execution_time: number
    readonly max_memory_usage: number
    readonly max_result_bytes: number
  }
}

// As `rollup` writes sizes, and safe as the end of a table's name.
const TIER_PATTERN = /^([0-9]+(ms|s|m|h|d))+$/
// ClickHouse counts a TTL by times that end in 2106.
const LONGEST_TTL_MS = parseDuration('25000d')

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    embedded: {
      type: 'string',
      minLength: 1,
      description:
        'Folder for ClickHouse in a process that Weir starts (chDB): no server needed. Either this or `endpoint`. Exporters may share it'
    },
    endpoint: {
      type: 'string',
      pattern: '^https?://[^/]+',
      description: "The server's HTTP interface, such as `http://localhost:8123`. Either this or `embedded`"
    },
    username: { type: 'string', default: 'default', description: 'User at `endpoint`' },
    password: {
      type: 'string',
      writeOnly: true,
      default: '',
      description: 'Password at `endpoint`; better from the environment than written here'
    },
    database: {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      default: 'weir',
      description: 'Database of the tables'
    },
    schema: {
      type: 'string',
      enum: ['compact', 'otel'],
      default: 'compact',
      description:
        "`compact`: a series table, a samples table and the view `metrics`. `otel`: the OpenTelemetry Collector's tables `otel_metrics_*` and `otel_logs`"
    },
    ttl: duration({ default: '30d', description: 'Retention of data, by its own time; `0` keeps it forever' }),
    tiers: {
      type: 'object',
      additionalProperties: duration({ description: 'Retention of the tier.' }),
      default: { '1s': '24h', '10s': '7d', '1m': '30d', '1h': '365d', '1d': '1825d' },
      description:
        'Retention of points with the attribute `rollup`, by its value. They have tables and a view of their own, such as `metrics_1m`, created when first needed; only in `compact`'
    },
    create_schema: {
      type: 'boolean',
      default: true,
      description: 'Creates the database, tables and views if they are missing, and keeps their TTL as configured'
    },
    cluster: {
      type: 'string',
      pattern: '^[A-Za-z0-9_.{}-]*$',
      default: '',
      description:
        'Name of the cluster of `endpoint` in its servers: tables are created on all of them, with a Distributed table in front'
    },
    engine: {
      type: 'string',
      enum: ['merge_tree', 'replicated'],
      default: 'merge_tree',
      description: '`replicated`: replicas of a table keep each other up to date, by ClickHouse Keeper'
    },
    query: {
      type: 'object',
      description:
        'Bounds of SQL through the admin server, for all queries of this exporter together or for each of them.',
      additionalProperties: false,
      default: {},
      properties: {
        max_concurrent: {
          type: 'integer',
          minimum: 1,
          maximum: 16,
          default: 2,
          description: 'Queries that run at once'
        },
        max_queued: { type: 'integer', minimum: 0, default: 16, description: 'Queries that wait; more get 503' },
        queue_timeout: duration({ default: '10s', description: 'Longest time a query waits before it gets 503' }),
        max_execution_time: duration({ default: '60s', description: 'Longest time a query runs before it is stopped' }),
        max_memory_usage: byteSize({ default: '1GiB', description: 'Most memory that one query may take' }),
        max_result_bytes: byteSize({
          default: '64MiB',
          description: 'Largest size of a result, before it is written as text'
        })
      }
    }
  }
}

export function check(config: Config): ConfigProblem[] {
  return [...placeProblems(config), ...tierProblems(config), ...ttlProblems(config)]
}

function* ttlProblems({ ttl, tiers }: Config): Generator<ConfigProblem> {
  const all = [[['ttl'], ttl] as const, ...Object.entries(tiers).map(([tier, ms]) => [['tiers', tier], ms] as const)]
  for (const [path, ms] of all)
    if (ms > LONGEST_TTL_MS)
      yield {
        path,
        message: `is longer than ${formatDuration(LONGEST_TTL_MS)}, the longest TTL that ClickHouse counts: use \`0\` to keep data forever`
      }
}

function placeProblems({ embedded, endpoint, cluster, engine }: Config): ConfigProblem[] {
  if (embedded === undefined && endpoint === undefined)
    return [
      { path: [], message: 'needs `embedded: ./data/clickhouse` (no server needed) or `endpoint: http://host:8123`' }
    ]
  if (embedded !== undefined && endpoint !== undefined)
    return [{ path: ['embedded'], message: 'and `endpoint` exclude each other: keep one of them' }]
  if (embedded !== undefined && cluster !== '')
    return [{ path: ['cluster'], message: 'needs a server: use `endpoint` in place of `embedded`' }]
  if (embedded !== undefined && engine === 'replicated')
    return [
      { path: ['engine'], message: 'is `replicated`, which needs a server: use `endpoint` in place of `embedded`' }
    ]
  return []
}

// `60s` would never be met: it is written `1m`.
function* tierProblems({ tiers }: Config): Generator<ConfigProblem> {
  for (const tier of Object.keys(tiers)) {
    const written = TIER_PATTERN.test(tier) ? formatDuration(parseDuration(tier)) : undefined
    const path = ['tiers', tier]
    if (written === undefined) yield { path, message: 'is not the size of a tier, such as 1m or 1h' }
    else if (written !== tier)
      yield { path, message: `points of this size have \`rollup="${written}"\`: write \`${written}\`` }
  }
}
