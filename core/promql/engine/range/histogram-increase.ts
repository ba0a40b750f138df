import { add, type Combined, subtract } from '../../histogram/arithmetic.ts'
import { hasCustomBounds } from '../../histogram/bounds.ts'
import { isCounterReset } from '../../histogram/counter-reset.ts'
import { type FloatHistogram, NO_BUCKETS } from '../../histogram/float-histogram.ts'
import { metricName, type RangeCall, warnMixedSchemas } from './range-function.ts'
import type { Window } from './window.ts'

/**
 * The last histogram of a window less the first one; for counters, with what they lost by resets. A gauge. Undefined if
 * the schemas do not fit.
 */
export function histogramIncrease(window: Window, call: RangeCall, isCounter: boolean): FloatHistogram | undefined {
  const histograms = window.series.histograms.slice(window.firstHistogram, window.endHistogram)
  if (isCounter) warnGauges(histograms, window, call)
  else warnCounters(histograms, window, call)
  const [first, ...others] = isCounter ? beforeReset(histograms) : histograms
  const last = others.at(-1)!
  const involved = isCounter ? [first!, ...others] : [first!, last]
  if (involved.some(histogram => hasCustomBounds(histogram) !== hasCustomBounds(last))) {
    warnMixedSchemas(window, call)
    return undefined
  }
  let increased = taken(subtract(last, first!), 'subtraction', call)
  for (let i = 1; isCounter && i < involved.length; i++)
    if (isCounterReset(involved[i]!, involved[i - 1]!))
      increased = taken(add(increased, involved[i - 1]!), 'addition', call)
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

function warnGauges(histograms: readonly FloatHistogram[], window: Window, call: RangeCall): void {
  if (histograms.some(({ counterReset }) => counterReset === 'gauge')) warnNoCounter(window, call)
}

function warnCounters(histograms: readonly FloatHistogram[], window: Window, call: RangeCall): void {
  if (histograms[0]!.counterReset !== 'gauge' || histograms.at(-1)!.counterReset !== 'gauge') warnNoGauge(window, call)
}

/** If the counter began anew with the second histogram, the layout of the first one does not matter: it becomes empty. */
function beforeReset(histograms: readonly FloatHistogram[]): readonly FloatHistogram[] {
  const [first, second, ...others] = histograms
  if (!isCounterReset(second!, first!)) return histograms
  const empty: FloatHistogram = {
    ...second!,
    counterReset: 'unknown',
    count: 0,
    sum: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS
  }
  return [empty, second!, ...others]
}
