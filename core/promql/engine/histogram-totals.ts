import { HistogramMean, HistogramSum } from '../histogram/accumulators.ts'
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import type { Span } from '../span.ts'
import type { QueryRemarks } from './remarks.ts'

/** A sum or mean of histograms, and what there is to remark on it. */
export class HistogramTotal {
  readonly #kind: 'sum' | 'mean'
  #total: HistogramSum | HistogramMean | undefined
  #resetSeen = false
  #noResetSeen = false
  #boundsReconciled = false
  #incompatible = false

  constructor(kind: 'sum' | 'mean') {
    this.#kind = kind
  }

  /** False if the schemas do not fit. Then there is no result, and nothing more is added. */
  add(histogram: FloatHistogram): boolean {
    if (this.#incompatible) return true
    if (histogram.counterReset === 'reset') this.#resetSeen = true
    if (histogram.counterReset === 'not_reset') this.#noResetSeen = true
    if (this.#total === undefined) {
      this.#total = this.#kind === 'sum' ? new HistogramSum(histogram) : new HistogramMean(histogram)
      return true
    }
    const remarks = this.#total.add(histogram)
    if (remarks?.boundsReconciled) this.#boundsReconciled = true
    this.#incompatible = remarks === undefined
    return !this.#incompatible
  }

  get result(): FloatHistogram | undefined {
    if (this.#incompatible) return undefined
    return this.#total instanceof HistogramSum ? this.#total.total() : this.#total?.mean()
  }

  remark(remarks: QueryRemarks, span: Span): void {
    if (this.#boundsReconciled) remarks.boundsReconciled(span, 'aggregation')
    if (this.#resetSeen && this.#noResetSeen && !this.#incompatible)
      remarks.warnAt(span, 'conflicting counter resets during histogram aggregation')
  }
}
