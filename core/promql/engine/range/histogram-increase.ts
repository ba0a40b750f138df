import { add, type Combined, subtract } from '../../histogram/arithmetic.ts'
import { hasCustomBounds } from '../../histogram/bounds.ts'
import { type FloatHistogram, NO_BUCKETS } from '../../histogram/float-histogram.ts'
import { metricName, type RangeCall, warnMixedSchemas } from './range-function.ts'
import type { Window } from './window.ts'

/**
 * The last histogram of a window less the first one; for counters, with what they lost by resets. A gauge. Undefined if
 * the schemas do not fit.
 */
export function histogramIncrease(window: Window, call: RangeCall, isCounter: boolean): FloatHistogram | undefined {
  const { firstHistogram: begin, endHistogram: end } = window
  const { histograms } = window.series
  if (isCounter) warnGauges(window, call)
  else warnCounters(window, call)
  const resets = isCounter ? window.histogramResets() : []
  const first = resets[0] === begin + 1 ? emptyLike(histograms[begin + 1]!) : histograms[begin]!
  const last = histograms[end - 1]!
  const between = isCounter ? histograms.slice(begin + 1, end) : []
  if ([first, ...between].some(histogram => hasCustomBounds(histogram) !== hasCustomBounds(last))) {
    warnMixedSchemas(window, call)
    return undefined
  }
  let increased = taken(subtract(last, first), 'subtraction', call)
  // What was lost by a reset to the second one was in the first one, which is as if it were empty.
  for (const reset of resets)
    if (reset > begin + 1) increased = taken(add(increased, histograms[reset - 1]!), 'addition', call)
  return { ...increased, counterReset: 'gauge' }
}

export function warnNoCounter(window: Window, call: RangeCall): void {
  const name = JSON.stringify(metricName(window))
  call.remarks.warnAt(call.args[0]!.span, `this native histogram metric is not a counter: ${name}`)
}

export function warnNoGauge(window: Window, call: RangeCall): void {
  const name = JSON.stringify(metricName(window))
  call.remarks.warnAt(call.args[0]!.span, `this native histogram metric is not a gauge: ${name}`)
}

/** Histograms that fit each other. */
export function taken(
  combined: Combined | undefined,
  operation: 'addition' | 'subtraction',
  call: RangeCall
): FloatHistogram {
  if (combined === undefined) throw new TypeError('the schemas have been compared')
  if (combined.boundsReconciled) call.remarks.boundsReconciled(call.args[0]!.span, operation)
  return combined.histogram
}

function warnGauges(window: Window, call: RangeCall): void {
  const { histograms } = window.series
  for (let i = window.firstHistogram; i < window.endHistogram; i++)
    if (histograms[i]!.counterReset === 'gauge') return warnNoCounter(window, call)
}

function warnCounters(window: Window, call: RangeCall): void {
  const { histograms } = window.series
  const bounds = [histograms[window.firstHistogram]!, histograms[window.endHistogram - 1]!]
  if (bounds.some(({ counterReset }) => counterReset !== 'gauge')) warnNoGauge(window, call)
}

/** If the counter began anew with the second histogram, the layout of the first one does not matter. */
function emptyLike(second: FloatHistogram): FloatHistogram {
  return {
    ...second,
    counterReset: 'unknown',
    count: 0,
    sum: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS
  }
}
