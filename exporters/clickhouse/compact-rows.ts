import type { EventBlock } from '../../core/model/events.ts'
import { type PointBlock, PointBlockBuilder } from '../../core/model/points.ts'
import type { SeriesColumn } from '../../core/model/series-table/series-column.ts'
import type { Series } from '../../core/model/series-table/series-table.ts'
import { addAttributes, NameColumn, pick, valuesOf } from './columns.ts'
import { distributionColumns } from './distribution-columns.ts'
import { ByteSink, NativeBlock, NestedColumn } from './native-format.ts'
import type { Insert, TableSet } from './schema.ts'
import type { WrittenSeries } from './written-series.ts'

const DAY_MS = 86_400_000
const MAX_DATETIME_S = 2 ** 32 - 1

/** The tables that points of one tier, or of none, go to. */
export interface PointTables extends TableSet {
  /** Suffix of the tables' names: `_1m`, or empty. */
  readonly suffix: string
}

interface Seen {
  /** A point of the series. */
  readonly point: number
  firstMs: number
  lastMs: number
}

/** Rows of `samples` and `distributions`, after those of `series` that do not stand there yet. */
export function pointRows(block: PointBlock, tables: PointTables, cache: WrittenSeries): Insert[] {
  const { suffix } = tables
  const unwritten = unwrittenSeries(block, cache)
  const inserts = unwritten.size === 0 ? [] : [seriesInsert(block.series, [...unwritten.values()], tables, cache)]
  const numbers = indicesOf(block, false)
  if (numbers.length > 0)
    inserts.push({ tables, table: `samples${suffix}`, rows: sampleColumns(block, numbers, cache) })
  if (block.distributions.size === 0) return inserts
  const indices = indicesOf(block, true)
  const rows = sampleColumns(block, indices, cache)
  distributionColumns(block, indices, rows)
  inserts.push({ tables, table: `distributions${suffix}`, rows })
  return inserts
}

/** The block taken apart by tiers: those of none are at 0, the others at their place. Mostly it is of one as a whole. */
export function byTier(block: PointBlock, cache: WrittenSeries): Map<number, PointBlock> {
  const first = block.length === 0 ? 0 : cache.tierOf(block.series, 0)
  let mixed = false
  for (let i = 1; i < block.length && !mixed; i++) mixed = cache.tierOf(block.series, i) !== first
  if (!mixed) return new Map([[first, block]])
  const builders = new Map<number, PointBlockBuilder>()
  for (let i = 0; i < block.length; i++) {
    const tier = cache.tierOf(block.series, i)
    let builder = builders.get(tier)
    if (builder === undefined) builders.set(tier, (builder = new PointBlockBuilder()))
    builder.copy(block, i)
  }
  const parts = new Map<number, PointBlock>()
  for (const [tier, builder] of builders) parts.set(tier, builder.build())
  return parts
}

/** @param blockName names the rows of events that have no id of their own, together with their position */
export function eventRows(block: EventBlock, blockName: number): NativeBlock {
  const rows = block.length
  const names = new NameColumn(rows)
  const ids = new ByteSink()
  const rowNames = new Uint32Array(2 * rows)
  const attributes = new NestedColumn(rows)
  for (let i = 0; i < rows; i++) {
    names.set(i, block.name[i])
    const id = block.id[i]
    ids.text(id ?? '')
    if (id === undefined) {
      rowNames[2 * i] = i + 1
      rowNames[2 * i + 1] = blockName
    }
    addAttributes(attributes, block.attributes[i])
  }
  const events = new NativeBlock(rows)
  events.time('time', 6, block.time)
  names.write(events)
  events.texts('id', ids)
  events.numbers('row', 'UInt64', rowNames)
  events.map('attributes', 'String', 'String', attributes)
  events.numbers('value', 'Float64', block.value)
  return events
}

/** By id of the series. */
function unwrittenSeries(block: PointBlock, cache: WrittenSeries): Map<number, Seen> {
  const unwritten = new Map<number, Seen>()
  for (let i = 0; i < block.length; i++) {
    const id = block.series.ids[i]
    const ms = block.time[i]
    if (cache.isWritten(block.series, i, Math.floor(ms / DAY_MS))) continue
    const seen = unwritten.get(id)
    if (seen === undefined) unwritten.set(id, { point: i, firstMs: ms, lastMs: ms })
    else if (ms < seen.firstMs) seen.firstMs = ms
    else if (ms > seen.lastMs) seen.lastMs = ms
  }
  return unwritten
}

/** The indices of rows with distributions, or of those without. */
function indicesOf(block: PointBlock, distributions: boolean): Uint32Array {
  const { length, distributions: all } = block
  const indices = new Uint32Array(distributions ? all.size : length - all.size)
  let row = 0
  for (let i = 0; row < indices.length; i++) if (all.has(i) === distributions) indices[row++] = i
  return indices
}

/** The columns that both tables have. */
function sampleColumns(block: PointBlock, indices: Uint32Array, cache: WrittenSeries): NativeBlock {
  const names = new NameColumn(indices.length)
  const ids = new Uint32Array(2 * indices.length)
  for (let row = 0; row < indices.length; row++) {
    names.set(row, block.series.metricOf(indices[row]).name)
    cache.hashInto(block.series, indices[row], ids, row)
  }
  const rows = new NativeBlock(indices.length)
  names.write(rows)
  rows.numbers('series_id', 'UInt64', ids)
  rows.time('time', 6, pick(block.time, indices))
  rows.time('start', 6, pick(block.start, indices))
  rows.numbers('value', 'Float64', pick(valuesOf(block), indices))
  rows.numbers('flags', 'UInt8', pick(block.flags, indices))
  return rows
}

function seriesInsert(
  column: SeriesColumn,
  unwritten: readonly Seen[],
  tables: PointTables,
  cache: WrittenSeries
): Insert {
  const rows = unwritten.length
  const texts = Object.fromEntries(SERIES_TEXTS.map(name => [name, new ByteSink()]))
  const [attributes, resource, scope] = [new NestedColumn(rows), new NestedColumn(rows), new NestedColumn(rows)]
  const ids = new Uint32Array(2 * rows)
  const first = new Uint32Array(rows)
  const last = new Uint32Array(rows)
  for (const [i, { point, firstMs, lastMs }] of unwritten.entries()) {
    const series = column.read(point)
    const values = seriesTexts(series)
    for (let column = 0; column < SERIES_TEXTS.length; column++) texts[SERIES_TEXTS[column]].text(values[column])
    addAttributes(attributes, series.attributes)
    addAttributes(resource, series.resource.attributes)
    addAttributes(scope, series.scope.attributes)
    cache.hashInto(column, point, ids, i)
    first[i] = seconds(firstMs)
    last[i] = seconds(lastMs)
  }
  const block = new NativeBlock(rows)
  for (const name of SERIES_TEXTS) block.texts(name, texts[name])
  block.numbers('series_id', 'UInt64', ids)
  block.map('attributes', 'String', 'String', attributes)
  block.map('resource', 'String', 'String', resource)
  block.map('scope_attributes', 'String', 'String', scope)
  block.numbers('first_seen', 'DateTime', first)
  block.numbers('last_seen', 'DateTime', last)
  const stored = () => {
    for (const { point, lastMs } of unwritten) cache.markWritten(column, point, Math.floor(lastMs / DAY_MS))
  }
  return { tables, table: `series${tables.suffix}`, rows: block, stored }
}

const SERIES_TEXTS = ['name', 'kind', 'temporality', 'unit', 'description', 'scope_name', 'scope_version']

function seriesTexts({ metric, scope }: Series): string[] {
  return [metric.name, metric.kind, metric.temporality, metric.unit, metric.description, scope.name, scope.version]
}

const seconds = (ms: number) => Math.min(MAX_DATETIME_S, Math.max(0, Math.floor(ms / 1000)))
