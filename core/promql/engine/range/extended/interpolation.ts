import { add, multiply, subtract } from '../../../histogram/arithmetic.ts'
import { isCounterReset } from '../../../histogram/counter-reset.ts'
import type { FloatHistogram } from '../../../histogram/float-histogram.ts'
import type { Span } from '../../../span.ts'
import type { QueryRemarks } from '../../remarks.ts'

/** What is between sample `index` and the next one at a time. */
export interface Between {
  readonly index: number
  /** Unix ms. */
  readonly time: number
  /** After a reset, a counter has risen from 0. */
  readonly isCounter: boolean
}

export function floatBetween(times: Float64Array, values: Float64Array, { index, time, isCounter }: Between): number {
  const next = values[index + 1]!
  const value = isCounter && next < values[index]! ? 0 : values[index]!
  return value + (next - value) * partOf(times, index, time)
}

/** Undefined if the schemas do not fit. */
export function histogramBetween(
  times: Float64Array,
  histograms: readonly FloatHistogram[],
  { index, time, isCounter }: Between,
  remarks: QueryRemarks,
  span: Span
): FloatHistogram | undefined {
  const histogram = histograms[index]!
  const next = histograms[index + 1]!
  const part = partOf(times, index, time)
  if (part === 1) return next
  if (isCounter && isCounterReset(next, histogram)) return multiply(next, part)
  const change = subtract(next, histogram)
  if (change === undefined) return undefined
  if (change.boundsReconciled) remarks.boundsReconciled(span, 'subtraction')
  const between = add(multiply(change.histogram, part), histogram)
  if (between?.boundsReconciled) remarks.boundsReconciled(span, 'addition')
  return between?.histogram
}

/** From 0 at sample `index` to 1 at the next one. */
function partOf(times: Float64Array, index: number, time: number): number {
  return (time - times[index]!) / (times[index + 1]! - times[index]!)
}
