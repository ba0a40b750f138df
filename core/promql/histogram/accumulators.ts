import { divide, hasOverflow, multiply } from './arithmetic.ts'
import { hasCustomBounds, sameBounds } from './bounds.ts'
import { trimmed } from './buckets.ts'
import { combinedReset } from './counter-reset.ts'
import { type Buckets, type CounterReset, type FloatHistogram, NO_BUCKETS } from './float-histogram.ts'
import { commonLayout, inLayout, type Layout } from './layout.ts'

/** Remarks on histograms that were added up. */
export interface SumRemarks {
  readonly resetConflict: boolean
  readonly boundsReconciled: boolean
}

/** A running sum of histograms that keeps what rounding loses, by Neumaier's method. */
export class HistogramSum {
  #sum: FloatHistogram
  /** In the layout of the sum. */
  #lost: FloatHistogram

  constructor(first: FloatHistogram) {
    this.#sum = first
    this.#lost = { ...first, count: 0, sum: 0, zeroCount: 0, positive: NO_BUCKETS, negative: NO_BUCKETS }
  }

  /** Undefined if only one of sum and histogram has custom bounds: then nothing is added. */
  add(histogram: FloatHistogram): SumRemarks | undefined {
    const layout = commonLayout(this.#sum, histogram)
    if (layout === undefined) return undefined
    const { reset, conflict } = combinedReset(this.#sum.counterReset, histogram.counterReset)
    const boundsReconciled = hasCustomBounds(histogram) && !sameBounds(this.#sum.customBounds, histogram.customBounds)
    this.#addInLayout(
      inLayout(this.#sum, layout),
      inLayout(this.#lost, layout),
      inLayout(histogram, layout),
      layout,
      reset
    )
    return { resetConflict: conflict, boundsReconciled }
  }

  multiply(factor: number): void {
    this.#sum = multiply(this.#sum, factor)
    this.#lost = multiply(this.#lost, factor)
  }

  /** The sum divided by `divisor`. */
  total(divisor = 1): FloatHistogram {
    const parts = [divide(this.#sum, divisor), divide(this.#lost, divisor)] as const
    const [sum, lost] = parts
    return {
      ...sum,
      count: sum.count + lost.count,
      sum: sum.sum + lost.sum,
      zeroCount: sum.zeroCount + lost.zeroCount,
      positive: plus(sum.positive, lost.positive),
      negative: plus(sum.negative, lost.negative)
    }
  }

  /** A sum of its own that begins with this one. */
  copy(): HistogramSum {
    const copy = new HistogramSum(this.#sum)
    copy.#lost = this.#lost
    return copy
  }

  get hasOverflow(): boolean {
    return hasOverflow(this.#sum)
  }

  #addInLayout(
    sum: FloatHistogram,
    lost: FloatHistogram,
    other: FloatHistogram,
    layout: Layout,
    reset: CounterReset
  ): void {
    const [count, lostCount] = compensated(sum.count, lost.count, other.count)
    const [total, lostTotal] = compensated(sum.sum, lost.sum, other.sum)
    const [zeroCount, lostZero] = compensated(sum.zeroCount, lost.zeroCount, other.zeroCount)
    const [positive, lostPositive] = compensatedBuckets(sum.positive, lost.positive, other.positive)
    const [negative, lostNegative] = compensatedBuckets(sum.negative, lost.negative, other.negative)
    this.#sum = { ...layout, counterReset: reset, count, sum: total, zeroCount, positive, negative }
    this.#lost = {
      ...layout,
      counterReset: reset,
      count: lostCount,
      sum: lostTotal,
      zeroCount: lostZero,
      positive: lostPositive,
      negative: lostNegative
    }
  }
}

/** A mean by the sum, as long as that is finite, and from then on by incremental means: those do not overflow. */
export class HistogramMean {
  #sum: HistogramSum
  #count = 1
  #incremental = false

  constructor(first: FloatHistogram) {
    this.#sum = new HistogramSum(first)
  }

  /** Undefined if only one of mean and histogram has custom bounds: then nothing is added. */
  add(histogram: FloatHistogram): SumRemarks | undefined {
    const count = this.#count + 1
    if (!this.#incremental) {
      const longer = this.#sum.copy()
      const remarks = longer.add(histogram)
      if (remarks === undefined) return undefined
      if (!longer.hasOverflow) {
        this.#sum = longer
        this.#count = count
        return remarks
      }
      this.#incremental = true
      this.#sum.multiply(1 / this.#count)
    }
    const next = this.#sum.copy()
    next.multiply(this.#count / count)
    const remarks = next.add(divide(histogram, count))
    if (remarks === undefined) return undefined
    this.#sum = next
    this.#count = count
    return remarks
  }

  mean(): FloatHistogram {
    return this.#sum.total(this.#incremental ? 1 : this.#count)
  }
}

function compensated(sum: number, lost: number, value: number): [sum: number, lost: number] {
  const total = sum + value
  if (Math.abs(total) === Number.POSITIVE_INFINITY) return [total, 0]
  const missing = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
  return [total, lost + missing]
}

function compensatedBuckets(sum: Buckets, lost: Buckets, other: Buckets): [sum: Buckets, lost: Buckets] {
  if (other.counts.length === 0) return [sum, lost]
  const range = spanning(sum, lost, other)
  const sums = widened(sum, range)
  const losts = widened(lost, range)
  for (let i = 0; i < other.counts.length; i++) {
    const at = other.offset - range.offset + i
    const [total, missing] = compensated(sums[at]!, losts[at]!, other.counts[i]!)
    sums[at] = total
    losts[at] = missing
  }
  return [
    { offset: range.offset, counts: sums },
    { offset: range.offset, counts: losts }
  ]
}

function plus(a: Buckets, b: Buckets): Buckets {
  const range = spanning(a, b)
  const counts = widened(a, range)
  for (let i = 0; i < b.counts.length; i++) counts[b.offset - range.offset + i]! += b.counts[i]!
  return trimmed({ offset: range.offset, counts })
}

function spanning(...all: readonly Buckets[]): { offset: number; length: number } {
  const populated = all.filter(({ counts }) => counts.length > 0)
  if (populated.length === 0) return { offset: 0, length: 0 }
  const offset = Math.min(...populated.map(buckets => buckets.offset))
  const end = Math.max(...populated.map(buckets => buckets.offset + buckets.counts.length))
  return { offset, length: end - offset }
}

function widened({ offset, counts }: Buckets, range: { offset: number; length: number }): Float64Array {
  const wide = new Float64Array(range.length)
  if (counts.length > 0) wide.set(counts, offset - range.offset)
  return wide
}
