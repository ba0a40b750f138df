import { hasCustomBounds, sameBounds, upperBound } from './bounds.ts'
import type { Buckets, CounterReset, FloatHistogram } from './float-histogram.ts'
import { atSchema, commonLayout, inLayout, widerZeroBucket } from './layout.ts'

/**
 * Whether the counter began anew between two histograms: counts fell, or the layout became finer, which only a new process
 * does. The histogram's own mark is believed.
 */
export function isCounterReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (current.counterReset === 'reset') return true
  if (current.counterReset === 'not_reset') return false
  if (current.count < previous.count) return true
  if (hasCustomBounds(current) !== hasCustomBounds(previous)) return true
  if (hasCustomBounds(current)) return customBucketsFell(current, previous)
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true
  const { threshold, count } = widerZeroBucket(previous, current.zeroThreshold)
  if (threshold !== current.zeroThreshold || current.zeroCount < count) return true
  const comparable = atSchema(previous, current.schema)
  return (
    someFell(current.positive, comparable.positive, current) || someFell(current.negative, comparable.negative, current)
  )
}

/** What the marks of two histograms say of their sum. `conflict`: one says reset, and the other says it is none. */
export function combinedReset(a: CounterReset, b: CounterReset): { reset: CounterReset; conflict: boolean } {
  if (a === b) return { reset: a, conflict: false }
  if (a === 'gauge' || b === 'gauge') return { reset: 'gauge', conflict: false }
  return { reset: 'unknown', conflict: a !== 'unknown' && b !== 'unknown' }
}

function customBucketsFell(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (sameBounds(current.customBounds, previous.customBounds))
    return someFell(current.positive, previous.positive, undefined)
  const layout = commonLayout(current, previous)!
  return someFell(inLayout(current, layout).positive, inLayout(previous, layout).positive, undefined)
}

/** Whether a bucket has become smaller. Those up to the zero threshold of `exponential` have been counted with zero. */
function someFell(current: Buckets, previous: Buckets, exponential: FloatHistogram | undefined): boolean {
  for (let i = 0; i < previous.counts.length; i++) {
    const index = previous.offset + i
    if (exponential !== undefined && upperBound(exponential, index) <= exponential.zeroThreshold) continue
    if ((current.counts[index - current.offset] ?? 0) < previous.counts[i]!) return true
  }
  return false
}
