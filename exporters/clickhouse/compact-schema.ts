import { randomBytes } from 'node:crypto'
import { mergeSameTime } from '../../core/model/same-time.ts'
import type { Block } from '../../sdk/plugin/index.ts'
import { byTier, eventRows, type PointTables, pointRows } from './compact-rows.ts'
import { wholeMicroseconds } from './native-format.ts'
import { type BlockRows, partitionOf, type Schema, type SchemaOptions, tableSettings, ttlOf } from './schema.ts'
import { SeriesCache } from './series-cache.ts'

// A series' row is written anew each day it is seen, so it outlives its last sample by this much.
const SERIES_TTL_SLACK_MS = 2 * 86_400_000

const MAP = 'Map(String, String)'
// Never merged away or mixed: the last one written stands.
const last = (type: string) => `SimpleAggregateFunction(anyLast, ${type})`

/** The reasons for these tables stand in the README. */
export function compactSchema(options: SchemaOptions): Schema {
  const cache = new SeriesCache(options.tiers.keys())
  const main = mainTables(options)
  const tables = [main, ...Array.from(options.tiers, ([tier, ttlMs]) => pointTables({ ...options, ttlMs }, `_${tier}`))]
  // Names rows of events without an id, the same at each attempt to store a block.
  const blockNames = new WeakMap<Block, number>()
  return {
    tables: main,
    rowsOf(block): BlockRows {
      if (block.type === 'points') {
        const { block: merged, lost } = mergeSameTime(block, wholeMicroseconds)
        const parts = byTier(merged, cache)
        return { inserts: Array.from(parts, ([tier, part]) => pointRows(part, tables[tier], cache)).flat(), lost }
      }
      let name = blockNames.get(block)
      if (name === undefined) blockNames.set(block, (name = randomBytes(4).readUInt32LE()))
      return { inserts: [{ tables: main, table: 'event_rows', rows: eventRows(block, name) }], lost: 0 }
    },
    forget: () => cache.forget()
  }
}

/** What is of no tier, and events. */
function mainTables(options: SchemaOptions): PointTables {
  const points = pointTables(options, '')
  const eventTtl = ttlOf('toDateTime(time)', options.ttlMs)
  return {
    suffix: '',
    statements: [...points.statements, eventsTable(options, eventTtl), eventsView(options.database)],
    ttls: new Map([...points.ttls, ['event_rows', eventTtl]])
  }
}

function pointTables(options: SchemaOptions, suffix: string): PointTables {
  const { database, ttlMs } = options
  const sampleTtl = ttlOf('toDateTime(time)', ttlMs)
  const seriesTtl = ttlMs === 0 ? '' : ttlOf('last_seen', ttlMs + SERIES_TTL_SLACK_MS)
  return {
    suffix,
    statements: [
      seriesTable(options, suffix, seriesTtl),
      samplesTable(options, suffix, sampleTtl),
      distributionsTable(options, suffix, sampleTtl),
      // Tables made by earlier versions have no such column.
      `ALTER TABLE ${database}.distributions${suffix} ADD COLUMN IF NOT EXISTS ${distributionColumn(REGISTERS)}`,
      metricsView(database, suffix)
    ],
    ttls: new Map([
      [`series${suffix}`, seriesTtl],
      [`samples${suffix}`, sampleTtl],
      [`distributions${suffix}`, sampleTtl]
    ])
  }
}

const seriesTable = (options: SchemaOptions, suffix: string, ttl: string) => `
CREATE TABLE IF NOT EXISTS ${options.database}.series${suffix} (
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
  last_seen SimpleAggregateFunction(max, DateTime('UTC'))
) ENGINE = AggregatingMergeTree
ORDER BY (name, series_id)
${clause(ttl)}${tableSettings({ ...options, ttlMs: 0 })}`

const SAMPLE_COLUMNS = `
  name LowCardinality(String) CODEC(ZSTD(1)),
  series_id UInt64 CODEC(Delta(8), ZSTD(1)),
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  start DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  value Float64 CODEC(Gorilla, ZSTD(1)),
  flags UInt8 CODEC(ZSTD(1))`

const sampleOrder = (options: SchemaOptions, ttl: string) => `ENGINE = ReplacingMergeTree
PARTITION BY ${partitionOf('time', options.ttlMs)}
ORDER BY (name, series_id, time)
${clause(ttl)}${tableSettings(options)}`

const samplesTable = (options: SchemaOptions, suffix: string, ttl: string) => `
CREATE TABLE IF NOT EXISTS ${options.database}.samples${suffix} (${SAMPLE_COLUMNS}
) ${sampleOrder(options, ttl)}`

const distributionsTable = (options: SchemaOptions, suffix: string, ttl: string) => `
CREATE TABLE IF NOT EXISTS ${options.database}.distributions${suffix} (${SAMPLE_COLUMNS},
${DISTRIBUTION_COLUMNS.map(column => `  ${distributionColumn(column)}`).join(',\n')}
) ${sampleOrder(options, ttl)}`

/** And what they are for a plain number. */
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

const distributionColumn = ([name, type]: DistributionColumn) => `${name} ${type} CODEC(ZSTD(1))`

const eventsTable = (options: SchemaOptions, ttl: string) => `
CREATE TABLE IF NOT EXISTS ${options.database}.event_rows (
  time DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  id String CODEC(ZSTD(1)),
  row UInt64 CODEC(Delta(8), ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  value Float64 CODEC(Gorilla, ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY ${partitionOf('time', options.ttlMs)}
ORDER BY (name, time, id, row)
${clause(ttl)}${tableSettings(options)}`

const metricsView = (database: string, suffix: string) => `
CREATE OR REPLACE VIEW ${database}.metrics${suffix} AS
SELECT
  point.name AS name, point.time AS time, point.start AS start, point.value AS value,
  series.attributes AS attributes, series.resource AS resource,
  series.kind AS kind, series.temporality AS temporality, series.unit AS unit, series.description AS description,
  series.scope_name AS scope_name, series.scope_version AS scope_version, series.scope_attributes AS scope_attributes,
  point.series_id AS series_id,
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

const eventsView = (database: string) => `
CREATE OR REPLACE VIEW ${database}.events AS
SELECT time, name, id, attributes, value FROM ${database}.event_rows FINAL`

const clause = (ttl: string) => (ttl === '' ? '' : `TTL ${ttl}\n`)
