import type { ClassicBucket } from '../../histogram/classic.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { type Labels, METRIC_NAME } from '../../labels.ts'
import { unnamedRows } from '../merged-rows.ts'
import { newRow } from '../query.ts'
import { ofMetric } from '../remarks.ts'
import { FLOAT, HISTOGRAM, isPresent, type Row } from '../rows.ts'
import { rowsArg, type VectorCall } from './vector-function.ts'

/** The label of a classic histogram's buckets: their upper bounds. */
const BOUND = 'le'
const BOUND_NAMES: ReadonlySet<string> = new Set([BOUND])
/** Numbers as Go reads them, but for hexadecimal ones, which nobody writes. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const INFINITE = /^[+-]?inf(inity)?$/i

/** Numbers that are estimated from histograms of either kind. `metric` is the name for remarks. */
export interface Estimate {
  ofClassic(buckets: readonly ClassicBucket[], step: number, metric: string): number
  ofNative(histogram: FloatHistogram, step: number, metric: string): number
}

/** The buckets and the native histogram of the same labels. Both at one time are a conflict. */
interface Histogram {
  readonly labels: Labels
  dropName: boolean
  readonly buckets: { readonly upperBound: number; readonly row: Row }[]
  native: Row | undefined
}

/** An estimate for each histogram in the vector that is argument `index`. */
export async function estimatedRows(call: VectorCall, index: number, estimate: Estimate): Promise<Row[]> {
  const { turns } = call.query
  const rows: Row[] = []
  for (const histogram of histogramsOf(call, index)) {
    if (turns.due) await turns.next()
    const row = newRow(call.query, call.times, histogram.labels, histogram.dropName)
    fill(call, index, histogram, estimate, row)
    if (isPresent(row)) rows.push(row)
  }
  return unnamedRows(call.query, call.times, rows)
}

function histogramsOf(call: VectorCall, index: number): Histogram[] {
  const histograms = new Map<string, Histogram>()
  const histogramOf = (labels: Labels, row: Row) => {
    const known = histograms.get(labels.key) ?? { labels, dropName: false, buckets: [], native: undefined }
    histograms.set(labels.key, known)
    known.dropName ||= row.dropName
    return known
  }
  for (const row of rowsArg(call, index)) {
    if (row.histograms !== undefined) histogramOf(row.labels, row).native = row
    if (!row.kinds.includes(FLOAT)) continue
    const upperBound = boundOf(row.labels.get(BOUND))
    if (upperBound === undefined) warnBadBound(call, index, row)
    else histogramOf(row.labels.without(BOUND_NAMES), row).buckets.push({ upperBound, row })
  }
  return Array.from(histograms.values())
}

function fill(call: VectorCall, index: number, histogram: Histogram, estimate: Estimate, target: Row): void {
  const metric = histogram.labels.get(METRIC_NAME)
  const rising = histogram.buckets.toSorted((a, b) => a.upperBound - b.upperBound)
  for (let step = 0; step < call.times.count; step++) {
    const buckets = bucketsAt(rising, step)
    const native = histogram.native?.kinds[step] === HISTOGRAM ? histogram.native.histograms![step]! : undefined
    if (native === undefined && buckets.length === 0) continue
    if (native !== undefined && buckets.length > 0) {
      warnConflict(call, index, metric)
      continue
    }
    target.kinds[step] = FLOAT
    target.values[step] =
      native === undefined ? estimate.ofClassic(buckets, step, metric) : estimate.ofNative(native, step, metric)
  }
}

function bucketsAt(rising: Histogram['buckets'], step: number): ClassicBucket[] {
  const buckets: ClassicBucket[] = []
  for (const { upperBound, row } of rising)
    if (row.kinds[step] === FLOAT) buckets.push({ upperBound, count: row.values[step]! })
  return buckets
}

function boundOf(text: string): number | undefined {
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return NUMBER.test(text) ? Number(text) : undefined
}

function warnBadBound(call: VectorCall, index: number, { labels }: Row): void {
  const found = JSON.stringify(labels.get(BOUND))
  call.query.remarks.warnAt(
    call.exprs[index]!.span,
    `bucket label "le" is missing or has a malformed value of ${found}${ofMetric(labels.get(METRIC_NAME))}`
  )
}

function warnConflict(call: VectorCall, index: number, metric: string): void {
  call.query.remarks.warnAt(
    call.exprs[index]!.span,
    `vector contains a mix of classic and native histograms${ofMetric(metric)}`
  )
}
