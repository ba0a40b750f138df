import type { ExponentialBuckets, ExponentialHistogram, Histogram, Summary } from '../../../core/model/distribution.ts'
import { asNumbers, type ListColumn, type NativeColumns } from './native-reader.ts'
import { type RowRange, rowsOf, type Tables } from './sample-sources.ts'

/** Distributions that are several Prometheus series. */
export type StoredDistribution = Histogram | ExponentialHistogram | Summary

/** A point of a distribution. */
export interface DistributionRow {
  /** Unix µs. */
  readonly micros: number
  /** Undefined: the series ended. */
  readonly distribution: StoredDistribution | undefined
}

/** A column, its expression over `distributions`, and its value for a row of `samples`, which only ends a series. */
const COLUMNS: readonly (readonly [name: string, of: string, none: string])[] = [
  ['ends', 'bitAnd(flags, 1)', 'bitAnd(flags, 1)'],
  ['sum', 'value', 'value'],
  ['total', 'count', '0.'],
  ['bounds', 'bounds', "CAST([], 'Array(Float64)')"],
  ['counts', 'counts', "CAST([], 'Array(Float64)')"],
  ['scale', 'scale', 'toInt8(0)'],
  ['zero_count', 'zero_count', '0.'],
  ['zero_threshold', 'zero_threshold', '0.'],
  ['positive', 'positive', "CAST(map(), 'Map(Int32, Float64)')"],
  ['negative', 'negative', "CAST(map(), 'Map(Int32, Float64)')"],
  ['quantiles', 'quantiles', "CAST(map(), 'Map(Float64, Float64)')"]
]

/** A query of SQL for the columns that {@link distributionsIn} reads. */
export function distributionRows(range: RowRange & Tables): string {
  const columns = (expressions: readonly string[]) =>
    `series_id, toFloat64(toUnixTimestamp64Micro(time)) AS micros, ${expressions.join(', ')}`
  const ofPoints = COLUMNS.map(([name, of]) => (name === of ? name : `${of} AS ${name}`))
  const ofEnds = COLUMNS.map(([name, , none]) => `${none} AS ${name}`)
  const points = rowsOf('distributions', columns(ofPoints), range)
  return `SELECT * FROM (${points}) UNION ALL ${rowsOf('samples', columns(ofEnds), range, 'bitAnd(flags, 1) = 1')}`
}

/** The rows of a block by their series. @param kindOf of the metric of a series */
export function* distributionsIn(
  block: NativeColumns,
  kindOf: (id: bigint) => string
): Generator<readonly [id: bigint, row: DistributionRow]> {
  const ids = block.ids('series_id')
  const micros = block.numbers('micros')
  const ends = block.numbers('ends')
  const read = reader(block)
  for (let i = 0; i < block.rows; i++) {
    const distribution = ends[i] === 1 ? undefined : read(i, kindOf(ids[i]))
    yield [ids[i], { micros: micros[i], distribution }]
  }
}

function reader(block: NativeColumns): (i: number, kind: string) => StoredDistribution {
  const [sums, totals] = [block.numbers('sum'), block.numbers('total')]
  const [bounds, counts] = [block.list('bounds'), block.list('counts')]
  const [scales, zeros, thresholds] = ['scale', 'zero_count', 'zero_threshold'].map(name => block.numbers(name))
  const [positive, negative, quantiles] = ['positive', 'negative', 'quantiles'].map(name => block.list(name))
  return (i, kind) => {
    const totalsOf = { count: totals[i], sum: sums[i] }
    if (kind === 'summary') return { kind, ...totalsOf, quantiles: quantilesAt(quantiles, i) }
    const extremes = { min: Number.NaN, max: Number.NaN }
    if (kind === 'histogram')
      return { kind, ...totalsOf, ...extremes, bounds: numbersAt(bounds, i), counts: numbersAt(counts, i) }
    return {
      kind: 'exponential_histogram',
      ...totalsOf,
      ...extremes,
      scale: scales[i],
      zeroCount: zeros[i],
      zeroThreshold: thresholds[i],
      positive: bucketsAt(positive, i),
      negative: bucketsAt(negative, i)
    }
  }
}

/** The numbers of one row. */
export function numbersAt(column: ListColumn, row: number): number[] {
  return Array.from(asNumbers(column.items).subarray(startOf(column, row), column.ends[row]))
}

function quantilesAt(column: ListColumn, row: number): Summary['quantiles'] {
  const [keys, items] = [asNumbers(column.keys), asNumbers(column.items)]
  const quantiles: Summary['quantiles'][number][] = []
  for (let i = startOf(column, row); i < column.ends[row]; i++) quantiles.push({ quantile: keys[i], value: items[i] })
  return quantiles
}

/** Keys of a map may have gaps. */
function bucketsAt(column: ListColumn, row: number): ExponentialBuckets {
  const from = startOf(column, row)
  const keys = asNumbers(column.keys).subarray(from, column.ends[row])
  const items = asNumbers(column.items).subarray(from, column.ends[row])
  if (keys.length === 0) return { offset: 0, counts: [] }
  let [first, last] = [keys[0], keys[0]]
  for (const key of keys) {
    first = Math.min(first, key)
    last = Math.max(last, key)
  }
  const counts = new Array<number>(last - first + 1).fill(0)
  for (let i = 0; i < keys.length; i++) counts[keys[i] - first] = items[i]
  return { offset: first, counts }
}

const startOf = ({ ends }: ListColumn, row: number) => (row === 0 ? 0 : ends[row - 1])
