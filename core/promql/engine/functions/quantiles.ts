import { shortFloat } from '../../float-text.ts'
import { classicFraction, classicQuantile } from '../../histogram/classic.ts'
import { histogramFraction } from '../../histogram/fraction.ts'
import { histogramQuantile } from '../../histogram/quantile.ts'
import { sketchQuantile } from '../../histogram/sketch-quantile.ts'
import type { Span } from '../../span.ts'
import { mergedRows } from '../merged-rows.ts'
import { isOddQuantile } from '../quantile.ts'
import { newRow } from '../query.ts'
import { ofMetric } from '../remarks.ts'
import { copyCell, isPresent, type Row } from '../rows.ts'
import { timeAt } from '../times.ts'
import { vectorOf } from '../value.ts'
import { type Estimate, estimatedRows } from './histogram-vector.ts'
import { scalarArg, stringArg, type VectorCall, type VectorFunction } from './vector-function.ts'

export const histogramQuantileOf: VectorFunction = async call => {
  const span = call.exprs[1]!.span
  const quantiles = scalarArg(call, 0)
  warnOddQuantiles(call, 0)
  return vectorOf(await estimatedRows(call, 1, quantileEstimate(call, span, quantiles)))
}

/** As {@link histogramQuantileOf}, with the estimate of a DDSketch. */
export const sketchQuantileOf: VectorFunction = async call => {
  const quantiles = scalarArg(call, 0)
  warnOddQuantiles(call, 0)
  const ofClassic = quantileEstimate(call, call.exprs[1]!.span, quantiles)
  const ofSketches: Estimate = {
    ...ofClassic,
    ofNative: (histogram, step) => sketchQuantile(quantiles[step]!, histogram)
  }
  return vectorOf(await estimatedRows(call, 1, ofSketches))
}

/** Several quantiles, each a series with the quantile as a label. */
export const histogramQuantilesOf: VectorFunction = async call => {
  const span = call.exprs[0]!.span
  const label = stringArg(call, 1)
  const rows: Row[] = []
  for (let index = 2; index < call.args.length; index++) {
    const quantiles = scalarArg(call, index)
    warnOddQuantiles(call, index)
    const estimates = await estimatedRows(call, 0, quantileEstimate(call, span, quantiles))
    for (const row of labeled(call, label, quantiles, estimates)) rows.push(row)
  }
  return vectorOf(mergedRows(call.query, call.times, rows))
}

export const histogramFractionOf: VectorFunction = async call => {
  const [lower, upper] = [scalarArg(call, 0), scalarArg(call, 1)]
  const span = call.exprs[2]!.span
  const estimate: Estimate = {
    ofClassic: (buckets, step) => classicFraction(lower[step]!, upper[step]!, buckets),
    ofNative: (histogram, step, metric) => {
      const { value, ignoredNaN } = histogramFraction(lower[step]!, upper[step]!, histogram)
      if (ignoredNaN)
        call.query.remarks.infoAt(
          span,
          `input to histogram_fraction has NaN observations, which are excluded from all fractions${ofMetric(metric)}`
        )
      return value
    }
  }
  return vectorOf(await estimatedRows(call, 2, estimate))
}

function quantileEstimate(call: VectorCall, span: Span, quantiles: Float64Array): Estimate {
  const { remarks } = call.query
  return {
    ofClassic: (buckets, step, metric) => {
      const { value, fix } = classicQuantile(quantiles[step]!, buckets)
      if (fix !== undefined) remarks.fixedMonotonicity(span, metric, timeAt(call.times, step), fix)
      return value
    },
    ofNative: (histogram, step, metric) => {
      const { value, nan } = histogramQuantile(quantiles[step]!, histogram)
      if (nan === 'result')
        remarks.infoAt(span, `input to histogram_quantile has NaN observations, result is NaN${ofMetric(metric)}`)
      if (nan === 'skew')
        remarks.infoAt(
          span,
          `input to histogram_quantile has NaN observations, result is skewed higher${ofMetric(metric)}`
        )
      return value
    }
  }
}

function warnOddQuantiles(call: VectorCall, index: number): void {
  for (const q of new Set(scalarArg(call, index)))
    if (isOddQuantile(q)) call.query.remarks.oddQuantile(call.exprs[index]!.span, q)
}

/** Rows with the quantile as a label. A quantile that changes with time makes several rows of one. */
function labeled(call: VectorCall, label: string, quantiles: Float64Array, rows: readonly Row[]): Row[] {
  return Array.from(new Set(quantiles)).flatMap(q =>
    rows
      .map(row => onlyAt(call, row, step => Object.is(quantiles[step], q)))
      .filter(isPresent)
      .map(row => ({ ...row, labels: row.labels.with([[label, quantileLabel(q)]]) }))
  )
}

function onlyAt(call: VectorCall, row: Row, isKept: (step: number) => boolean): Row {
  const copy = newRow(call.query, call.times, row.labels, row.dropName)
  for (let step = 0; step < row.kinds.length; step++) if (isKept(step)) copyCell(row, step, copy, step)
  return copy
}

/** As OpenMetrics writes quantiles: `1.0` in place of `1`. */
function quantileLabel(q: number): string {
  const text = shortFloat(q)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
