import type { ExponentialHistogram, Histogram, Summary } from '../../core/model/distribution.ts'
import type { PointBlock } from '../../core/model/points.ts'
import type { MetricKind } from '../../core/model/series.ts'
import type { Series } from '../../core/model/series-table/series-table.ts'
import { attributeText, findAttribute } from '../../sdk/plugin/index.ts'
import { addAttributes, pick, valuesOf } from './columns.ts'
import { ByteSink, NativeBlock, NestedColumn } from './native-format.ts'

export const TABLE_NAMES = {
  gauge: 'otel_metrics_gauge',
  sum: 'otel_metrics_sum',
  histogram: 'otel_metrics_histogram',
  exponential_histogram: 'otel_metrics_exponential_histogram',
  summary: 'otel_metrics_summary'
} as const

// There is no table for sets: how many members one has is a gauge.
export const TABLE_OF: Readonly<Record<MetricKind, keyof typeof TABLE_NAMES>> = {
  gauge: 'gauge',
  set: 'gauge',
  counter: 'sum',
  up_down_counter: 'sum',
  histogram: 'histogram',
  exponential_histogram: 'exponential_histogram',
  summary: 'summary'
}

const TEMPORALITY = { unspecified: 0, delta: 1, cumulative: 2 } as const

/** The block's rows by table; a table without rows is left out. */
export function metricRows(block: PointBlock): { table: string; rows: NativeBlock }[] {
  const points = new Map<keyof typeof TABLE_NAMES, number[]>()
  for (let i = 0; i < block.length; i++) {
    const table = TABLE_OF[block.series.metricOf(i).kind]
    const indices = points.get(table)
    if (indices === undefined) points.set(table, [i])
    else indices.push(i)
  }
  const values = valuesOf(block)
  return [...points].map(([table, list]) => {
    const indices = Uint32Array.from(list)
    const rows = commonColumns(block, indices)
    if (table === 'gauge' || table === 'sum') rows.numbers('Value', 'Float64', pick(values, indices))
    if (table === 'sum') rows.numbers('IsMonotonic', 'Bool', monotonic(block, indices))
    if (table === 'histogram') histogramColumns(rows, block, indices)
    if (table === 'exponential_histogram') exponentialColumns(rows, block, indices)
    if (table === 'summary') summaryColumns(rows, block, indices)
    if (table !== 'gauge' && table !== 'summary')
      rows.numbers('AggregationTemporality', 'Int32', temporalities(block, indices))
    return { table: TABLE_NAMES[table], rows }
  })
}

const TEXTS = [
  'ResourceSchemaUrl',
  'ScopeName',
  'ScopeVersion',
  'ScopeSchemaUrl',
  'ServiceName',
  'MetricName',
  'MetricDescription',
  'MetricUnit'
]

function seriesTexts({ resource, scope, metric }: Series): string[] {
  const service = attributeText(findAttribute(resource.attributes, 'service.name') ?? '')
  const { name, description, unit } = metric
  return [resource.schemaUrl, scope.name, scope.version, scope.schemaUrl, service, name, description, unit]
}

function commonColumns(block: PointBlock, indices: Uint32Array): NativeBlock {
  const rows = new NativeBlock(indices.length)
  const texts = TEXTS.map(() => new ByteSink())
  const resource = new NestedColumn(indices.length)
  const scope = new NestedColumn(indices.length)
  const attributes = new NestedColumn(indices.length)
  const flags = new Uint32Array(indices.length)
  for (let row = 0; row < indices.length; row++) {
    const series = block.series.read(indices[row])
    const values = seriesTexts(series)
    for (let column = 0; column < texts.length; column++) texts[column].text(values[column])
    addAttributes(resource, series.resource.attributes)
    addAttributes(scope, series.scope.attributes)
    addAttributes(attributes, series.attributes)
    flags[row] = block.flags[indices[row]]
  }
  for (let column = 0; column < texts.length; column++) rows.texts(TEXTS[column], texts[column])
  rows.map('ResourceAttributes', 'String', 'String', resource)
  rows.map('ScopeAttributes', 'String', 'String', scope)
  rows.map('Attributes', 'String', 'String', attributes)
  rows.time('StartTimeUnix', 9, pick(block.start, indices))
  rows.time('TimeUnix', 9, pick(block.time, indices))
  rows.numbers('Flags', 'UInt32', flags)
  return rows
}

function histogramColumns(rows: NativeBlock, block: PointBlock, indices: Uint32Array): void {
  const counts = new NestedColumn(indices.length)
  const bounds = new NestedColumn(indices.length)
  for (const i of indices) {
    const { counts: bucketCounts, bounds: upper } = (block.distributions.get(i) as Histogram | undefined) ?? NO_BUCKETS
    addCounts(counts, bucketCounts)
    for (const bound of upper) bounds.values.float64(bound)
    bounds.endRow(upper.length)
  }
  totalColumns(rows, block, indices)
  rows.array('BucketCounts', 'UInt64', counts)
  rows.array('ExplicitBounds', 'Float64', bounds)
}

const NO_BUCKETS = { counts: [], bounds: [] }

function exponentialColumns(rows: NativeBlock, block: PointBlock, indices: Uint32Array): void {
  const n = indices.length
  const [scale, positiveOffset, negativeOffset] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)]
  const zeroCount = new ByteSink()
  const [positive, negative] = [new NestedColumn(n), new NestedColumn(n)]
  for (let row = 0; row < n; row++) {
    const d = block.distributions.get(indices[row]) as ExponentialHistogram | undefined
    scale[row] = d?.scale ?? 0
    zeroCount.uint64(wholeCount(d?.zeroCount ?? 0))
    positiveOffset[row] = d?.positive.offset ?? 0
    negativeOffset[row] = d?.negative.offset ?? 0
    addCounts(positive, d?.positive.counts ?? [])
    addCounts(negative, d?.negative.counts ?? [])
  }
  totalColumns(rows, block, indices)
  rows.numbers('Scale', 'Int32', scale)
  rows.numbers('ZeroCount', 'UInt64', zeroCount.bytes())
  rows.numbers('PositiveOffset', 'Int32', positiveOffset)
  rows.numbers('NegativeOffset', 'Int32', negativeOffset)
  rows.array('PositiveBucketCounts', 'UInt64', positive)
  rows.array('NegativeBucketCounts', 'UInt64', negative)
}

function summaryColumns(rows: NativeBlock, block: PointBlock, indices: Uint32Array): void {
  const quantiles = new NestedColumn(indices.length)
  const values = new NestedColumn(indices.length)
  const counts = new ByteSink()
  for (let row = 0; row < indices.length; row++) {
    const summary = block.distributions.get(indices[row]) as Summary | undefined
    counts.uint64(wholeCount(summary?.count ?? 0))
    const all = summary?.quantiles ?? []
    for (const { quantile, value } of all) {
      quantiles.values.float64(quantile)
      values.values.float64(value)
    }
    quantiles.endRow(all.length)
    values.endRow(all.length)
  }
  rows.numbers('Count', 'UInt64', counts.bytes())
  rows.numbers('Sum', 'Float64', pick(valuesOf(block), indices))
  rows.array('ValueAtQuantiles.Quantile', 'Float64', quantiles)
  rows.array('ValueAtQuantiles.Value', 'Float64', values)
}

/** Count, sum, min and max of histograms. */
function totalColumns(rows: NativeBlock, block: PointBlock, indices: Uint32Array): void {
  const counts = new ByteSink()
  const [min, max] = [new Float64Array(indices.length), new Float64Array(indices.length)]
  for (let row = 0; row < indices.length; row++) {
    const d = block.distributions.get(indices[row]) as Histogram | ExponentialHistogram | undefined
    counts.uint64(wholeCount(d?.count ?? 0))
    min[row] = d?.min ?? Number.NaN
    max[row] = d?.max ?? Number.NaN
  }
  rows.numbers('Count', 'UInt64', counts.bytes())
  rows.numbers('Sum', 'Float64', pick(valuesOf(block), indices))
  rows.numbers('Min', 'Float64', min)
  rows.numbers('Max', 'Float64', max)
}

function addCounts(column: NestedColumn, counts: readonly number[]): void {
  for (const count of counts) column.values.uint64(wholeCount(count))
  column.endRow(counts.length)
}

/** Sampled counts may be fractions, which these columns do not hold; unknown ones are 0. */
const wholeCount = (count: number) => (count > 0 ? Math.round(count) : 0)

function monotonic(block: PointBlock, indices: Uint32Array): Uint8Array {
  const flags = new Uint8Array(indices.length)
  for (let row = 0; row < indices.length; row++)
    flags[row] = block.series.metricOf(indices[row]).kind === 'counter' ? 1 : 0
  return flags
}

function temporalities(block: PointBlock, indices: Uint32Array): Int32Array {
  const codes = new Int32Array(indices.length)
  for (let row = 0; row < indices.length; row++)
    codes[row] = TEMPORALITY[block.series.metricOf(indices[row]).temporality]
  return codes
}
