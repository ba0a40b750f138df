import { divide, subtract } from '../../histogram/arithmetic.ts'
import { hasCustomBounds } from '../../histogram/bounds.ts'
import { isCounterReset } from '../../histogram/counter-reset.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { type CellKind, FLOAT, HISTOGRAM, NONE } from '../rows.ts'
import { taken, warnNoCounter, warnNoGauge } from './histogram-increase.ts'
import { type RangeCall, type RangeFunction, warnMixed, warnMixedSchemas } from './range-function.ts'
import type { Window } from './window.ts'

export const instantRate: RangeFunction = (window, call) => lastDifference(window, call, true)

export const instantDelta: RangeFunction = (window, call) => lastDifference(window, call, false)

/** The difference of the last two samples; for a rate, per second. */
function lastDifference(window: Window, call: RangeCall, isRate: boolean): CellKind {
  const { floatCount, histogramCount } = window
  if (floatCount + histogramCount < 2) return NONE
  if (histogramCount === 0) return ofFloats(window, isRate)
  // Times of the last two samples of either kind.
  const { times, histogramTimes, histograms } = window.series
  const lastFloat = floatCount > 0 ? times[window.end - 1]! : -Infinity
  const beforeHistogram = histogramCount > 1 ? histogramTimes[window.endHistogram - 2]! : -Infinity
  if (beforeHistogram > lastFloat) {
    const seconds = (histogramTimes[window.endHistogram - 1]! - beforeHistogram) / 1000
    const difference = ofHistograms(
      window,
      call,
      histograms[window.endHistogram - 1]!,
      histograms[window.endHistogram - 2]!,
      isRate
    )
    if (difference === undefined) return NONE
    window.histogram = isRate ? divide(difference, seconds) : difference
    return HISTOGRAM
  }
  const beforeFloat = floatCount > 1 ? times[window.end - 2]! : -Infinity
  if (beforeFloat > histogramTimes[window.endHistogram - 1]!) return ofFloats(window, isRate)
  warnMixed(window, call)
  return NONE
}

function ofFloats(window: Window, isRate: boolean): CellKind {
  const { values, times } = window.series
  const last = window.end - 1
  const value = values[last]!
  const before = values[last - 1]!
  const difference = isRate && value < before ? value : value - before
  window.value = isRate ? difference / ((times[last]! - times[last - 1]!) / 1000) : difference
  return FLOAT
}

function ofHistograms(
  window: Window,
  call: RangeCall,
  last: FloatHistogram,
  before: FloatHistogram,
  isRate: boolean
): FloatHistogram | undefined {
  const isGauge = last.counterReset === 'gauge' && before.counterReset === 'gauge'
  const isCounter = last.counterReset !== 'gauge' && before.counterReset !== 'gauge'
  if (isRate && !isCounter) warnNoCounter(window, call)
  if (!isRate && !isGauge) warnNoGauge(window, call)
  if (isRate && isCounterReset(last, before)) return { ...last, counterReset: 'gauge' }
  if (hasCustomBounds(last) !== hasCustomBounds(before)) {
    warnMixedSchemas(window, call)
    return undefined
  }
  return { ...taken(subtract(last, before), 'subtraction', call), counterReset: 'gauge' }
}
