import type { Distribution } from '../../../core/model/distribution.ts'
import type { CounterReset, FloatHistogram } from '../../../core/promql/histogram/float-histogram.ts'
import type { QueryLimits } from '../../../core/promql/sample-store.ts'
import { explicitBuckets, exponentialBuckets, type LabelledValues, quantileValues } from './classic-buckets.ts'
import {
  type DistributionRow,
  distributionRows,
  distributionsIn,
  type StoredDistribution
} from './distribution-rows.ts'
import { FORM_LABELS } from './forms.ts'
import { nativeHistogram } from './native-histogram.ts'
import { checkSamples } from './number-samples.ts'
import type { SampleParts } from './sample-parts.ts'
import type { RowRange, Tables } from './sample-sources.ts'
import type { Selector } from './selector.ts'
import { checkSeries, type FoundSeries } from './series-index.ts'
import type { Statements } from './statements.ts'

export interface DistributionRequest extends RowRange, Tables {
  readonly selector: Selector
  readonly limits: QueryLimits
}

/** Reads points of `series`, of forms that are made of whole distributions, and adds the samples made of them to `parts`. Returns their number. */
export async function readDistributions(
  statements: Statements,
  request: DistributionRequest,
  series: readonly FoundSeries[],
  parts: SampleParts,
  signal: AbortSignal
): Promise<number> {
  const forms = Map.groupBy(series, ({ id }) => id)
  const sql = `SELECT * FROM (${distributionRows(request)}) LIMIT ${request.limits.maxSamples + 1}`
  const rowsOf = new Map<bigint, DistributionRow[]>()
  for (const block of await statements.ask(sql, signal))
    for (const [id, row] of distributionsIn(block, id => forms.get(id)?.[0].metric.kind ?? '')) {
      const known = rowsOf.get(id)
      if (known === undefined) rowsOf.set(id, [row])
      else known.push(row)
    }
  let samples = 0
  for (const [id, rows] of rowsOf) {
    rows.sort((a, b) => a.micros - b.micros)
    for (const one of forms.get(id) ?? []) {
      samples += one.form === 'native' ? addNative(one, rows, parts) : addLabelled(one, rows, request.selector, parts)
      checkSamples(samples, request.limits)
      checkSeries(parts.series, request.limits)
    }
  }
  return samples
}

function addNative({ labels, metric }: FoundSeries, rows: readonly DistributionRow[], parts: SampleParts): number {
  // Deltas have nothing in common with the point before.
  const reset: CounterReset = metric.temporality === 'delta' && metric.reading !== 'running' ? 'gauge' : 'unknown'
  const histograms: (FloatHistogram | undefined)[] = rows.map(({ distribution }) =>
    distribution === undefined || distribution.kind === 'summary' ? undefined : nativeHistogram(distribution, reset)
  )
  const micros = Float64Array.from(rows, row => row.micros)
  const part = { micros, values: new Float64Array(rows.length), stale: endsOf(rows), histograms }
  parts.add(labels, part, metric.reading)
  return histograms.reduce((sum, histogram) => sum + sizeOf(histogram), 0)
}

/** One series for each bound or quantile. All of them end where the point's series ends. */
function addLabelled(
  { labels, metric, form }: FoundSeries,
  rows: readonly DistributionRow[],
  selector: Selector,
  parts: SampleParts
): number {
  const label = FORM_LABELS[form]!
  const points = rows.filter(({ distribution }) => distribution !== undefined)
  const ends = rows.filter(({ distribution }) => distribution === undefined)
  let samples = 0
  for (const [text, values] of labelledValues(points.map(({ distribution }) => distribution!))) {
    if (!selector.matchesLabel(label, text)) continue
    const known = points
      .keys()
      .toArray()
      .filter(i => !Number.isNaN(values[i]))
    const length = known.length + ends.length
    const stale = ends.length === 0 ? undefined : new Uint8Array(length).fill(1, known.length)
    const micros = new Float64Array(length)
    micros.set(known.map(i => points[i].micros))
    micros.set(
      ends.map(end => end.micros),
      known.length
    )
    const numbers = new Float64Array(length)
    numbers.set(known.map(i => values[i]))
    const part = { micros, values: numbers, stale, histograms: undefined }
    parts.add(labels.with([[label, text]]), part, metric.reading)
    samples += length
  }
  return samples
}

/** All are of one kind, that of their metric. */
function labelledValues(points: readonly StoredDistribution[]): LabelledValues {
  if (isAll(points, 'histogram')) return explicitBuckets(points)
  if (isAll(points, 'exponential_histogram')) return exponentialBuckets(points)
  return isAll(points, 'summary') ? quantileValues(points) : new Map()
}

function isAll<K extends Distribution['kind']>(
  points: readonly Distribution[],
  kind: K
): points is readonly Extract<Distribution, { kind: K }>[] {
  return points.every(point => point.kind === kind)
}

function endsOf(rows: readonly DistributionRow[]): Uint8Array | undefined {
  if (rows.every(({ distribution }) => distribution !== undefined)) return undefined
  return Uint8Array.from(rows, ({ distribution }) => Number(distribution === undefined))
}

/** A histogram counts as its buckets. */
const sizeOf = (histogram: FloatHistogram | undefined) =>
  1 + (histogram === undefined ? 0 : histogram.positive.counts.length + histogram.negative.counts.length)
