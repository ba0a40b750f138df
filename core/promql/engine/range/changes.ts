import { equal } from '../../histogram/arithmetic.ts'
import { isCounterReset } from '../../histogram/counter-reset.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { FLOAT } from '../rows.ts'
import type { RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

export const resets: RangeFunction = window => {
  window.value = countSteps(window, (value, before) => value < before, isCounterReset)
  return FLOAT
}

export const changes: RangeFunction = window => {
  window.value = countSteps(window, isOther, (histogram, before) => !equal(histogram, before))
  return FLOAT
}

type Counts<T> = (sample: T, before: T) => boolean

/** Neighboring samples of which the second one counts. From a float to a histogram, or back, every step counts. */
function countSteps(window: Window, ofFloats: Counts<number>, ofHistograms: Counts<FloatHistogram>): number {
  const { times, values, histogramTimes, histograms } = window.series
  let count = 0
  let next = window.first
  let nextHistogram = window.firstHistogram
  let wasFloat: boolean | undefined
  while (next < window.end || nextHistogram < window.endHistogram) {
    const isFloat =
      nextHistogram >= window.endHistogram || (next < window.end && times[next]! < histogramTimes[nextHistogram]!)
    if (wasFloat !== undefined && isFloat !== wasFloat) count++
    else if (wasFloat !== undefined) {
      const counts = isFloat
        ? ofFloats(values[next]!, values[next - 1]!)
        : ofHistograms(histograms[nextHistogram]!, histograms[nextHistogram - 1]!)
      if (counts) count++
    }
    if (isFloat) next++
    else nextHistogram++
    wasFloat = isFloat
  }
  return count
}

/** NaN is the same as NaN. */
function isOther(value: number, before: number): boolean {
  return value !== before && !(Number.isNaN(value) && Number.isNaN(before))
}
