import { sameBounds } from '../histogram/bounds.ts'
import { trimmed } from '../histogram/buckets.ts'
import type { Buckets, FloatHistogram } from '../histogram/float-histogram.ts'
import type { NotedHistogram } from './histogram-notation.ts'

/** True if two numbers count as equal. */
export type SameNumber = (a: number, b: number) => boolean

/** True if a histogram is as noted. Its mark of counter resets counts only if one was written. */
export function sameHistogram(noted: NotedHistogram, seen: FloatHistogram, same: SameNumber): boolean {
  const { histogram, resetWritten } = noted
  return (
    histogram.schema === seen.schema &&
    same(histogram.count, seen.count) &&
    same(histogram.sum, seen.sum) &&
    histogram.zeroThreshold === seen.zeroThreshold &&
    same(histogram.zeroCount, seen.zeroCount) &&
    sameBounds(histogram.customBounds, seen.customBounds) &&
    sameBuckets(histogram.positive, seen.positive, same) &&
    sameBuckets(histogram.negative, seen.negative, same) &&
    (!resetWritten || histogram.counterReset === seen.counterReset)
  )
}

function sameBuckets(a: Buckets, b: Buckets, same: SameNumber): boolean {
  const left = trimmed(a)
  const right = trimmed(b)
  if (left.offset !== right.offset || left.counts.length !== right.counts.length) return false
  return left.counts.every((count, i) => same(count, right.counts[i]!))
}
