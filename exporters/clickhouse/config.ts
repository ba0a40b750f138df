import {
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
}

// As `rollup` writes sizes, and safe as the end of a table's name.
const TIER_PATTERN = /^([0-9]+(ms|s|m|h|d))+$/

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    embedded: {
      type: 'string',
      minLength: 1,
      description:
        'Folder for ClickHouse inside this process (chDB): no server needed. Either this or `endpoint`. One process opens one folder; exporters may share it'
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
    ttl: duration({ default: '30d', description: 'How long data is kept, by its own time; `0` keeps it forever' }),
    tiers: {
      type: 'object',
      additionalProperties: duration({ description: 'How long the tier is kept.' }),
      default: { '1s': '24h', '10s': '7d', '1m': '30d', '1h': '365d', '1d': '1825d' },
      description:
        'How long points with the attribute `rollup` are kept, by its value: they have tables and a view of their own, `metrics_1m`. Made when first needed; of `compact` only'
    },
    create_schema: {
      type: 'boolean',
      default: true,
      description: 'Creates the database, tables and views where they are missing, and keeps their TTL as configured'
    }
  }
}

export function check(config: Config): ConfigProblem[] {
  return [...placeProblems(config), ...tierProblems(config)]
}

function placeProblems({ embedded, endpoint }: Config): ConfigProblem[] {
  if (embedded === undefined && endpoint === undefined)
    return [
      { path: [], message: 'needs `embedded: ./data/clickhouse` (in this process) or `endpoint: http://host:8123`' }
    ]
  if (embedded !== undefined && endpoint !== undefined)
    return [{ path: ['embedded'], message: 'and `endpoint` exclude each other: keep the one you mean' }]
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
