import { type Attributes, attributeText } from '../../core/model/attributes.ts'
import type { Distribution, ExponentialBuckets } from '../../core/model/distribution.ts'
import type { EventBlock } from '../../core/model/events.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../core/model/points.ts'
import type { Series } from '../../core/model/series.ts'
import { ByteSink, NativeBlock, NestedColumn } from './native-format.ts'
import type { Insert } from './schema.ts'
import type { SeriesCache } from './series-cache.ts'

const DAY_MS = 86_400_000
const MAX_DATETIME_S = 2 ** 32 - 1

interface Seen {
  firstMs: number
  lastMs: number
}

/** Rows of `samples`, after those of `series` that do not stand there yet. */
export function sampleRows(block: PointBlock, cache: SeriesCache): Insert[] {
  const rows = block.length
  const names = new NameColumn(rows)
  const ids = new Uint32Array(2 * rows)
  const unwritten = new Map<Series, Seen>()
  for (let i = 0; i < rows; i++) {
    const series = block.series[i]
    names.set(i, series.metric.name)
    cache.hashInto(series, ids, i)
    const ms = block.time[i]
    if (cache.isWritten(series, Math.floor(ms / DAY_MS))) continue
    const seen = unwritten.get(series)
    if (seen === undefined) unwritten.set(series, { firstMs: ms, lastMs: ms })
    else if (ms < seen.firstMs) seen.firstMs = ms
    else if (ms > seen.lastMs) seen.lastMs = ms
  }
  const samples = new NativeBlock(rows)
  names.write(samples)
  samples.numbers('series_id', 'UInt64', ids)
  samples.time('time', 6, block.time)
  samples.time('start', 6, block.start)
  samples.numbers('value', 'Float64', valuesOf(block))
  samples.numbers('flags', 'UInt8', block.flags)
  if (block.distributions.size > 0) distributionColumns(block, samples)
  const insert = { table: 'samples', rows: samples }
  return unwritten.size === 0 ? [insert] : [seriesInsert(unwritten, cache), insert]
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

/** Ends a row of a `Map(String, String)` column. */
export function addAttributes(column: NestedColumn, attributes: Attributes): void {
  for (const [key, value] of attributes) {
    column.keys.text(key)
    column.values.text(attributeText(value))
  }
  column.endRow(attributes.length)
}

/** The values, NaN where a series ended: what stands there means nothing. */
export function valuesOf(block: PointBlock): Float64Array {
  let values = block.value
  for (let i = 0; i < block.length; i++) {
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) === 0) continue
    if (values === block.value) values = block.value.slice()
    values[i] = Number.NaN
  }
  return values
}

class NameColumn {
  #dictionary = new Map<string, number>()
  #indices: Uint32Array

  constructor(rows: number) {
    this.#indices = new Uint32Array(rows)
  }

  set(row: number, name: string): void {
    let index = this.#dictionary.get(name)
    if (index === undefined) {
      index = this.#dictionary.size
      this.#dictionary.set(name, index)
    }
    this.#indices[row] = index
  }

  write(block: NativeBlock): void {
    block.lowCardinality('name', [...this.#dictionary.keys()], this.#indices)
  }
}

function seriesInsert(unwritten: ReadonlyMap<Series, Seen>, cache: SeriesCache): Insert {
  const rows = unwritten.size
  const texts = Object.fromEntries(SERIES_TEXTS.map(name => [name, new ByteSink()]))
  const [attributes, resource, scope] = [new NestedColumn(rows), new NestedColumn(rows), new NestedColumn(rows)]
  const ids = new Uint32Array(2 * rows)
  const first = new Uint32Array(rows)
  const last = new Uint32Array(rows)
  let i = 0
  for (const [series, { firstMs, lastMs }] of unwritten) {
    const values = seriesTexts(series)
    for (let column = 0; column < SERIES_TEXTS.length; column++) texts[SERIES_TEXTS[column]].text(values[column])
    addAttributes(attributes, series.attributes)
    addAttributes(resource, series.resource.attributes)
    addAttributes(scope, series.scope.attributes)
    cache.hashInto(series, ids, i)
    first[i] = seconds(firstMs)
    last[i++] = seconds(lastMs)
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
    for (const [series, { lastMs }] of unwritten) cache.markWritten(series, Math.floor(lastMs / DAY_MS))
  }
  return { table: 'series', rows: block, stored }
}

const SERIES_TEXTS = ['name', 'kind', 'temporality', 'unit', 'description', 'scope_name', 'scope_version']

function seriesTexts({ metric, scope }: Series): string[] {
  return [metric.name, metric.kind, metric.temporality, metric.unit, metric.description, scope.name, scope.version]
}

const seconds = (ms: number) => Math.min(MAX_DATETIME_S, Math.max(0, Math.floor(ms / 1000)))

function distributionColumns(block: PointBlock, samples: NativeBlock): void {
  const rows = block.length
  const numbers = { count: new Float64Array(rows), min: nan(rows), max: nan(rows) }
  const zero = { zero_count: new Float64Array(rows), zero_threshold: new Float64Array(rows) }
  const scale = new Int8Array(rows)
  const [bounds, counts, members] = [new NestedColumn(rows), new NestedColumn(rows), new NestedColumn(rows)]
  const [positive, negative, quantiles] = [new NestedColumn(rows), new NestedColumn(rows), new NestedColumn(rows)]
  for (let i = 0; i < rows; i++) {
    const d = block.distributions.get(i)
    if (d !== undefined) numbers.count[i] = d.kind === 'set' ? d.members.length : d.count
    if (d?.kind === 'histogram' || d?.kind === 'exponential_histogram') {
      numbers.min[i] = d.min
      numbers.max[i] = d.max
    }
    if (d?.kind === 'exponential_histogram') {
      scale[i] = d.scale
      zero.zero_count[i] = d.zeroCount
      zero.zero_threshold[i] = d.zeroThreshold
    }
    addNumbers(bounds, d?.kind === 'histogram' ? d.bounds : [])
    addNumbers(counts, d?.kind === 'histogram' ? d.counts : [])
    addBuckets(positive, d?.kind === 'exponential_histogram' ? d.positive : undefined)
    addBuckets(negative, d?.kind === 'exponential_histogram' ? d.negative : undefined)
    addQuantiles(quantiles, d)
    addMembers(members, d)
  }
  for (const [name, column] of Object.entries({ ...numbers, ...zero })) samples.numbers(name, 'Float64', column)
  samples.numbers('scale', 'Int8', scale)
  samples.array('bounds', 'Float64', bounds)
  samples.array('counts', 'Float64', counts)
  samples.map('positive', 'Int32', 'Float64', positive)
  samples.map('negative', 'Int32', 'Float64', negative)
  samples.map('quantiles', 'Float64', 'Float64', quantiles)
  samples.array('members', 'String', members)
}

function addNumbers(column: NestedColumn, values: readonly number[]): void {
  for (const value of values) column.values.float64(value)
  column.endRow(values.length)
}

function addBuckets(column: NestedColumn, buckets: ExponentialBuckets | undefined): void {
  const counts = buckets?.counts ?? []
  for (let i = 0; i < counts.length; i++) {
    column.keys.int32(buckets!.offset + i)
    column.values.float64(counts[i])
  }
  column.endRow(counts.length)
}

function addQuantiles(column: NestedColumn, distribution: Distribution | undefined): void {
  const quantiles = distribution?.kind === 'summary' ? distribution.quantiles : []
  for (const { quantile, value } of quantiles) {
    column.keys.float64(quantile)
    column.values.float64(value)
  }
  column.endRow(quantiles.length)
}

function addMembers(column: NestedColumn, distribution: Distribution | undefined): void {
  const members = distribution?.kind === 'set' ? distribution.members : []
  for (const member of members) column.values.text(member)
  column.endRow(members.length)
}

const nan = (rows: number) => new Float64Array(rows).fill(Number.NaN)
