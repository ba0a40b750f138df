import { hash } from 'node:crypto'
import type { Block } from '../../sdk/plugin/index.ts'
import { createTable, localTable, type Table } from './cluster.ts'
import type { NativeBlock } from './native-format.ts'
import { logRows } from './otel-log-rows.ts'
import { metricRows, TABLE_NAMES } from './otel-rows.ts'
import { type Insert, type Schema, type SchemaOptions, type TableSet, tableSettings, ttlOf } from './schema.ts'
import { DATE_END_MS, dateTimeRange, NANOSECOND_RANGE, outside } from './time-range.ts'

// How many inserts back a table knows a token again.
const DEDUPLICATION_WINDOW = 1000

/**
 * The tables of the OpenTelemetry Collector's ClickHouse exporter: same names, columns and types. Where they exist
 * already they are used as they are.
 */
export function otelSchema(options: SchemaOptions): Schema {
  const metricTtl = ttlOf('toDateTime(TimeUnix)', options.ttlMs)
  const logTtl = ttlOf('TimestampTime', options.ttlMs)
  const tables = Object.entries(TABLE_NAMES) as [keyof typeof TABLE_NAMES, string][]
  const set: TableSet = {
    tables: [
      ...tables.flatMap(([kind, name]) =>
        createTable(options, metricTable(options, name, METRIC_COLUMNS[kind], metricTtl))
      ),
      ...createTable(options, logTable(options, logTtl))
    ],
    views: [],
    added: [],
    ttls: new Map([
      ...tables.map(([, name]) => [localTable(options, name), metricTtl] as const),
      [localTable(options, 'otel_logs'), logTtl]
    ])
  }
  const ttlRange = dateTimeRange(options.ttlMs)
  const pointRange = options.ttlMs === 0 ? { from: NANOSECOND_RANGE.from, to: DATE_END_MS } : ttlRange
  return {
    tables: set,
    // Logs have a DateTime even if they are kept forever.
    unstorable: block => outside(block.time, block.type === 'events' ? ttlRange : pointRange),
    inserts: block =>
      block.type === 'events' ? [logInsert(block, set)] : metricRows(block).map(insert => withToken(insert, set)),
    reset() {}
  }
}

const blockTokens = new WeakMap<Block, string>()

// Equal events are events of their own, so their token is the block's: equal at each attempt to store it.
function logInsert(block: Block & { type: 'events' }, tables: TableSet): Insert {
  const token = blockTokens.get(block) ?? crypto.randomUUID()
  blockTokens.set(block, token)
  return { tables, table: 'otel_logs', rows: logRows(block), token }
}

// A point that is sent again is bit-identical, so its content says which insert it is.
function withToken({ table, rows }: { table: string; rows: NativeBlock }, tables: TableSet): Insert {
  return { tables, table, rows, token: hash('sha1', Buffer.concat(rows.chunks())) }
}

const TEXT_MAP = 'Map(LowCardinality(String), String)'

const EXEMPLARS = `
  Exemplars Nested (
    FilteredAttributes ${TEXT_MAP}, TimeUnix DateTime64(9), Value Float64, SpanId String, TraceId String
  ) CODEC(ZSTD(1)),`

const METRIC_COLUMNS: Readonly<Record<keyof typeof TABLE_NAMES, string>> = {
  gauge: `
  Value Float64 CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1)),${EXEMPLARS}`,
  sum: `
  Value Float64 CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1)),${EXEMPLARS}
  AggregationTemporality Int32 CODEC(ZSTD(1)),
  IsMonotonic Boolean CODEC(Delta, ZSTD(1)),`,
  histogram: `
  Count UInt64 CODEC(Delta, ZSTD(1)),
  Sum Float64 CODEC(ZSTD(1)),
  BucketCounts Array(UInt64) CODEC(ZSTD(1)),
  ExplicitBounds Array(Float64) CODEC(ZSTD(1)),${EXEMPLARS}
  Flags UInt32 CODEC(ZSTD(1)),
  Min Float64 CODEC(ZSTD(1)),
  Max Float64 CODEC(ZSTD(1)),
  AggregationTemporality Int32 CODEC(ZSTD(1)),`,
  exponential_histogram: `
  Count UInt64 CODEC(Delta, ZSTD(1)),
  Sum Float64 CODEC(ZSTD(1)),
  Scale Int32 CODEC(ZSTD(1)),
  ZeroCount UInt64 CODEC(ZSTD(1)),
  PositiveOffset Int32 CODEC(ZSTD(1)),
  PositiveBucketCounts Array(UInt64) CODEC(ZSTD(1)),
  NegativeOffset Int32 CODEC(ZSTD(1)),
  NegativeBucketCounts Array(UInt64) CODEC(ZSTD(1)),${EXEMPLARS}
  Flags UInt32 CODEC(ZSTD(1)),
  Min Float64 CODEC(ZSTD(1)),
  Max Float64 CODEC(ZSTD(1)),
  AggregationTemporality Int32 CODEC(ZSTD(1)),`,
  summary: `
  Count UInt64 CODEC(Delta, ZSTD(1)),
  Sum Float64 CODEC(ZSTD(1)),
  ValueAtQuantiles Nested (Quantile Float64, Value Float64) CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1)),`
}

function metricTable(options: SchemaOptions, name: string, columns: string, ttl: string): Table {
  return {
    name,
    columns: `(
  ResourceAttributes ${TEXT_MAP} CODEC(ZSTD(1)),
  ResourceSchemaUrl String CODEC(ZSTD(1)),
  ScopeName String CODEC(ZSTD(1)),
  ScopeVersion String CODEC(ZSTD(1)),
  ScopeAttributes ${TEXT_MAP} CODEC(ZSTD(1)),
  ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
  ScopeSchemaUrl String CODEC(ZSTD(1)),
  ServiceName LowCardinality(String) CODEC(ZSTD(1)),
  MetricName String CODEC(ZSTD(1)),
  MetricDescription String CODEC(ZSTD(1)),
  MetricUnit String CODEC(ZSTD(1)),
  Attributes ${TEXT_MAP} CODEC(ZSTD(1)),
  StartTimeUnix DateTime64(9) CODEC(Delta, ZSTD(1)),
  TimeUnix DateTime64(9) CODEC(Delta, ZSTD(1)),${columns}
  ${mapIndices('res', 'ResourceAttributes')},
  ${mapIndices('scope', 'ScopeAttributes')},
  ${mapIndices('attr', 'Attributes')}
)`,
    engine: 'MergeTree',
    clauses: `PARTITION BY toDate(TimeUnix)
ORDER BY (ServiceName, MetricName, Attributes, toUnixTimestamp64Nano(TimeUnix))
${ttl === '' ? '' : `TTL ${ttl}\n`}${settings(options)}`,
    shardBy: 'cityHash64(ServiceName, MetricName, Attributes)'
  }
}

function logTable(options: SchemaOptions, ttl: string): Table {
  return {
    name: 'otel_logs',
    columns: `(
  Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
  TimestampTime DateTime DEFAULT toDateTime(Timestamp),
  TraceId String CODEC(ZSTD(1)),
  SpanId String CODEC(ZSTD(1)),
  TraceFlags UInt8,
  SeverityText LowCardinality(String) CODEC(ZSTD(1)),
  SeverityNumber UInt8,
  ServiceName LowCardinality(String) CODEC(ZSTD(1)),
  Body String CODEC(ZSTD(1)),
  ResourceSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
  ResourceAttributes ${TEXT_MAP} CODEC(ZSTD(1)),
  ScopeSchemaUrl LowCardinality(String) CODEC(ZSTD(1)),
  ScopeName String CODEC(ZSTD(1)),
  ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
  ScopeAttributes ${TEXT_MAP} CODEC(ZSTD(1)),
  LogAttributes ${TEXT_MAP} CODEC(ZSTD(1)),
  INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
  ${mapIndices('res', 'ResourceAttributes')},
  ${mapIndices('scope', 'ScopeAttributes')},
  ${mapIndices('log', 'LogAttributes')}
)`,
    engine: 'MergeTree',
    clauses: `PARTITION BY toDate(TimestampTime)
PRIMARY KEY (ServiceName, TimestampTime)
ORDER BY (ServiceName, TimestampTime, Timestamp)
${ttl === '' ? '' : `TTL ${ttl}\n`}${settings(options)}`,
    shardBy: 'cityHash64(ServiceName, Timestamp, Body)'
  }
}

function mapIndices(prefix: string, column: string): string {
  const name = prefix === 'attr' ? 'idx_attr' : `idx_${prefix}_attr`
  return `INDEX ${name}_key mapKeys(${column}) TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ${name}_value mapValues(${column}) TYPE bloom_filter(0.01) GRANULARITY 1`
}

function settings(options: SchemaOptions): string {
  // Replicated tables know tokens again as they are configured, for 10,000 inserts by default.
  const window = `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`
  return tableSettings(options, options.engine === 'replicated' ? [] : [window])
}
