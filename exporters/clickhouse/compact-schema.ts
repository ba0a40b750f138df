import { randomBytes, randomUUID } from 'node:crypto'
import type { EventBlock } from '../../core/model/events.ts'
import type { PointBlock } from '../../core/model/points.ts'
import { type Block, parseDuration } from '../../sdk/plugin/index.ts'
import { createTable, localTable, onCluster, type Table, tablesOf } from './cluster.ts'
import { byTier, eventRows, type PointTables, pointRows } from './compact-rows.ts'
import {
  type Insert,
  partitionOf,
  type Schema,
  type SchemaOptions,
  type TableSet,
  tableSettings,
  ttlOf
} from './schema.ts'
import { TENANT_COLUMN, TENANT_OF_EVENTS, TENANT_OF_SERIES } from './tenant-column.ts'
import { dateTimeRange, isWithin, MICROSECOND_RANGE, outside, type TimeRange } from './time-range.ts'
import { WrittenSeries } from './written-series.ts'

// A series' row is written anew each day it is seen, so it outlives its last sample by this much.
const SERIES_TTL_SLACK_MS = 2 * 86_400_000

/**
 * Rows are sorted by spans of time before they are by series, so that a query for some minutes does not read all hours
 * of a partition. A series has 360 rows in each at the usual interval of 10 s, which is enough for its codecs.
 */
const SHORTEST_SPAN_MS = 3_600_000
/** Rows of a series in the span of a tier. A graph that is drawn again reads the last span for its last step. */
const ROWS_A_SPAN = 240

const MAP = 'Map(String, String)'
// Never merged away or mixed: the last one written stands.
const last = (type: string) => `SimpleAggregateFunction(anyLast, ${type})`

/** The reasons for these tables stand in the README. */
export function compactSchema(options: SchemaOptions): Schema {
  const cache = new WrittenSeries(options.tiers.keys())
  const main = mainTables(options)
  const tables = [main, ...Array.from(options.tiers, tier => tierTables(options, tier))]
  // Names rows of events without an id, the same at each attempt to store a block.
  const blockNames = new WeakMap<Block, number>()
  const insertsOf = (block: PointBlock) =>
    Array.from(byTier(block, cache), ([tier, part]) => pointRows(part, tables[tier], cache)).flat()
  const eventInsert = (block: EventBlock): Insert => {
    let name = blockNames.get(block)
    if (name === undefined) blockNames.set(block, (name = randomBytes(4).readUInt32LE()))
    return { tables: main, table: 'event_rows', rows: eventRows(block, name) }
  }
  const ranges = [options.ttlMs, ...options.tiers.values()].map(rangeOf)
  return {
    tables: main,
    unstorable(block) {
      if (block.type === 'events') return outside(block.time, ranges[0])
      const { series, time } = block
      const indexes: number[] = []
      for (let i = 0; i < block.length; i++) if (!isWithin(time[i], ranges[cache.tierOf(series, i)])) indexes.push(i)
      return indexes
    },
    inserts(block): Insert[] {
      const inserts = block.type === 'points' ? insertsOf(block) : [eventInsert(block)]
      return options.engine === 'replicated' ? inserts.map(asNew) : inserts
    },
    reset: () => cache.reset()
  }
}

/**
 * Replicas drop an insert that is equal to an earlier one, also if a value was corrected and comes to be again as it
 * was. These tables keep the row that came last, and need none of that.
 */
function asNew(insert: Insert): Insert {
  return { ...insert, token: randomUUID() }
}

/** The range of points with this TTL. The rows of their series stay longest, and so decide. */
function rangeOf(ttlMs: number): TimeRange {
  return ttlMs === 0 ? MICROSECOND_RANGE : dateTimeRange(ttlMs + SERIES_TTL_SLACK_MS)
}

/** The tables of points without a tier, and of events. */
function mainTables(options: SchemaOptions): PointTables {
  const points = pointTables(options, '')
  const eventTtl = ttlOf('toDateTime(time)', options.ttlMs)
  return {
    suffix: '',
    tables: [...points.tables, ...createTable(options, eventsTable(options, eventTtl))],
    views: [...points.views, eventsView(options)],
    added: [...points.added, ...added(options, 'event_rows', TENANT_COLUMN, TENANT_OF_EVENTS)],
    ttls: new Map([...points.ttls, [localTable(options, 'event_rows'), eventTtl]])
  }
}

function tierTables(options: SchemaOptions, [tier, ttlMs]: readonly [string, number]): PointTables {
  const spanMs = Math.max(SHORTEST_SPAN_MS, ROWS_A_SPAN * parseDuration(tier))
  return pointTables({ ...options, ttlMs }, `_${tier}`, spanMs)
}

function pointTables(options: SchemaOptions, suffix: string, spanMs = SHORTEST_SPAN_MS): PointTables {
  const { ttlMs } = options
  const span = `intDiv(toUnixTimestamp64Micro(time), ${spanMs * 1000})`
  const sampleTtl = ttlOf('toDateTime(time)', ttlMs)
  const seriesTtl = ttlMs === 0 ? '' : ttlOf('last_seen', ttlMs + SERIES_TTL_SLACK_MS)
  return {
    suffix,
    tables: [
      ...createTable(options, seriesTable(options, suffix, seriesTtl)),
      ...createTable(options, samplesTable(options, suffix, span, sampleTtl)),
      ...createTable(options, distributionsTable(options, suffix, span, sampleTtl))
    ],
    views: [metricsView(options, suffix)],
    added: [
      ...added(options, `distributions${suffix}`, REGISTERS[0], typeOf(REGISTERS)),
      ...added(options, `series${suffix}`, TENANT_COLUMN, TENANT_OF_SERIES)
    ],
    ttls: new Map([
      [localTable(options, `series${suffix}`), seriesTtl],
      [localTable(options, `samples${suffix}`), sampleTtl],
      [localTable(options, `distributions${suffix}`), sampleTtl]
    ])
  }
}

function added(options: SchemaOptions, table: string, name: string, type: string): TableSet['added'] {
  return tablesOf(options, table).map(own => ({ table: own, name, type }))
}

function seriesTable(options: SchemaOptions, suffix: string, ttl: string): Table {
  return {
    name: `series${suffix}`,
    columns: `(
  name LowCardinality(String),
  series_id UInt64,
  kind ${last('String')},
  temporality ${last('String')},
  unit ${last('String')},
  description ${last('String')},
  attributes ${last(MAP)} CODEC(ZSTD(1)),
  resource ${last(MAP)} CODEC(ZSTD(1)),
  scope_name ${last('String')},
  scope_version ${last('String')},
  scope_attributes ${last(MAP)},
  first_seen SimpleAggregateFunction(min, DateTime('UTC')),
  last_seen SimpleAggregateFunction(max, DateTime('UTC')),
  ${TENANT_COLUMN} ${TENANT_OF_SERIES}
)`,
    engine: 'AggregatingMergeTree',
    clauses: `ORDER BY (name, series_id)\n${clause(ttl)}${tableSettings({ ...options, ttlMs: 0 })}`,
    shardBy: SHARD_OF_SERIES
  }
}

// Its first bytes are of a hash, so series are spread evenly.
const SHARD_OF_SERIES = 'series_id'

const SAMPLE_COLUMNS = `
  name LowCardinality(String) CODEC(ZSTD(1)),
  series_id UInt64 CODEC(Delta(8), ZSTD(1)),
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  start DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  value Float64 CODEC(Gorilla, ZSTD(1)),
  flags UInt8 CODEC(ZSTD(1))`

/** @param span an expression that rises with time */
function pointTable(options: SchemaOptions, name: string, columns: string, span: string, ttl: string): Table {
  return {
    name,
    columns: `(${columns}\n)`,
    engine: 'ReplacingMergeTree',
    clauses: `PARTITION BY ${partitionOf('time', options.ttlMs)}
PRIMARY KEY (name, ${span}, series_id)
ORDER BY (name, ${span}, series_id, time)
${clause(ttl)}${tableSettings(options)}`,
    shardBy: SHARD_OF_SERIES
  }
}

const samplesTable = (options: SchemaOptions, suffix: string, span: string, ttl: string) =>
  pointTable(options, `samples${suffix}`, SAMPLE_COLUMNS, span, ttl)

function distributionsTable(options: SchemaOptions, suffix: string, span: string, ttl: string): Table {
  const columns = DISTRIBUTION_COLUMNS.map(column => `  ${distributionColumn(column)}`).join(',\n')
  return pointTable(options, `distributions${suffix}`, `${SAMPLE_COLUMNS},\n${columns}`, span, ttl)
}

/** The columns of distributions, and their values for a plain number. */
type DistributionColumn = readonly [name: string, type: string, none: string]
const REGISTERS: DistributionColumn = ['registers', 'Map(UInt16, UInt8)', 'map()']
const DISTRIBUTION_COLUMNS: readonly DistributionColumn[] = [
  ['count', 'Float64', '0'],
  ['min', 'Float64', 'nan'],
  ['max', 'Float64', 'nan'],
  ['bounds', 'Array(Float64)', '[]'],
  ['counts', 'Array(Float64)', '[]'],
  ['scale', 'Int8', '0'],
  ['zero_count', 'Float64', '0'],
  ['zero_threshold', 'Float64', '0'],
  ['positive', 'Map(Int32, Float64)', 'map()'],
  ['negative', 'Map(Int32, Float64)', 'map()'],
  ['quantiles', 'Map(Float64, Float64)', 'map()'],
  ['members', 'Array(String)', '[]'],
  REGISTERS
]

const typeOf = ([, type]: DistributionColumn) => `${type} CODEC(ZSTD(1))`
const distributionColumn = (column: DistributionColumn) => `${column[0]} ${typeOf(column)}`

/**
 * A question reads one or two attributes of millions of events: up to five times as fast as with all of them, while merges
 * and answers with all attributes take twice as long. Parts fresh from an insert stay as they are.
 */
const SPLIT_MAPS = [
  "map_serialization_version = 'with_buckets'",
  "map_buckets_strategy = 'constant'",
  'max_buckets_in_map = 16',
  'map_buckets_min_avg_size = 0'
]

function eventsTable(options: SchemaOptions, ttl: string): Table {
  return {
    name: 'event_rows',
    columns: `(
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  id String CODEC(ZSTD(1)),
  row UInt64 CODEC(Delta(8), ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  value Float64 CODEC(Gorilla, ZSTD(1)),
  ${TENANT_COLUMN} ${TENANT_OF_EVENTS}
)`,
    engine: 'ReplacingMergeTree',
    clauses: `PARTITION BY ${partitionOf('time', options.ttlMs)}
ORDER BY (name, ${TENANT_COLUMN}, time, id, row)
${clause(ttl)}${tableSettings(options, options.splitsMaps ? SPLIT_MAPS : [])}`,
    shardBy: 'cityHash64(name, time, id, row)'
  }
}

const metricsView = ({ database, cluster }: SchemaOptions, suffix: string) => `
CREATE OR REPLACE VIEW ${database}.metrics${suffix}${onCluster({ cluster })} AS
SELECT
  point.name AS name, point.time AS time, point.start AS start, point.value AS value,
  series.attributes AS attributes, series.resource AS resource,
  series.kind AS kind, series.temporality AS temporality, series.unit AS unit, series.description AS description,
  series.scope_name AS scope_name, series.scope_version AS scope_version, series.scope_attributes AS scope_attributes,
  series.tenant AS tenant, point.series_id AS series_id,
  ${DISTRIBUTION_COLUMNS.map(([name]) => `point.${name} AS ${name}`).join(', ')}
FROM (
  SELECT name, series_id, time, start, value, flags,
    ${DISTRIBUTION_COLUMNS.map(([name, type, none]) => `CAST(${none}, '${type}') AS ${name}`).join(', ')}
  FROM ${database}.samples${suffix} FINAL
  UNION ALL
  SELECT name, series_id, time, start, value, flags,
    ${DISTRIBUTION_COLUMNS.map(([name]) => name).join(', ')}
  FROM ${database}.distributions${suffix} FINAL
) AS point
INNER JOIN ${database}.series${suffix} AS series FINAL
  ON point.name = series.name AND point.series_id = series.series_id
WHERE bitAnd(point.flags, 1) = 0`

const eventsView = ({ database, cluster }: SchemaOptions) => `
CREATE OR REPLACE VIEW ${database}.events${onCluster({ cluster })} AS
SELECT time, name, id, attributes, value, tenant FROM ${database}.event_rows FINAL`

const clause = (ttl: string) => (ttl === '' ? '' : `TTL ${ttl}\n`)
