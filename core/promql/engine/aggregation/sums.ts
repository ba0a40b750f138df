import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { METRIC_NAME } from '../../labels.ts'
import { CompensatedMeans, CompensatedSums } from '../compensated-sums.ts'
import { histogramSamples } from '../histogram-samples.ts'
import { HistogramTotal } from '../histogram-totals.ts'
import { FLOAT, HISTOGRAM, type Row, setHistogram } from '../rows.ts'
import type { Accumulator, AggregationCall } from './accumulator.ts'

/** Sums of floats or of histograms. Both at one time have no sum. */
abstract class TotalAccumulator implements Accumulator {
  readonly #call: AggregationCall
  readonly #hasFloat: Uint8Array
  #histograms: (HistogramTotal | undefined)[] | undefined

  constructor(count: number, call: AggregationCall) {
    this.#call = call
    this.#hasFloat = new Uint8Array(count)
  }

  protected abstract addFloat(index: number, value: number): void
  protected abstract total(index: number): number
  protected abstract newTotal(): HistogramTotal

  add(row: Row): void {
    const { kinds, values } = row
    const hasFloat = this.#hasFloat
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === FLOAT) {
        hasFloat[i] = 1
        this.addFloat(i, values[i]!)
      } else if (kinds[i] === HISTOGRAM) this.#addHistogram(row, i)
    }
  }

  finish(target: Row): void {
    for (let i = 0; i < target.kinds.length; i++) {
      const total = this.#histograms?.[i]
      if (this.#hasFloat[i] === 1 && total !== undefined) this.#warnMixed()
      else if (this.#hasFloat[i] === 1) {
        target.kinds[i] = FLOAT
        target.values[i] = this.total(i)
      } else if (total !== undefined) this.#finishHistogram(target, i, total)
    }
  }

  #addHistogram(row: Row, index: number): void {
    this.#histograms ??= new Array<HistogramTotal | undefined>(row.kinds.length).fill(undefined)
    const histogram = row.histograms![index]!
    const total = (this.#histograms[index] ??= this.#countedTotal(histogram))
    if (total.add(histogram)) return
    this.#call.remarks.mixedSchemas(this.#call.span, row.labels.get(METRIC_NAME))
  }

  /** A sum has the size of a histogram, and so has what rounding loses. */
  #countedTotal(histogram: FloatHistogram): HistogramTotal {
    this.#call.budget.take(2 * histogramSamples(histogram))
    return this.newTotal()
  }

  #finishHistogram(target: Row, index: number, total: HistogramTotal): void {
    const { span, remarks } = this.#call
    total.remark(remarks, span)
    const { result } = total
    if (result !== undefined) setHistogram(target, index, result)
  }

  #warnMixed(): void {
    this.#call.remarks.warnAt(this.#call.span, 'encountered a mix of histograms and floats for aggregation')
  }
}

export class SumAccumulator extends TotalAccumulator {
  readonly #sums: CompensatedSums

  constructor(count: number, call: AggregationCall) {
    super(count, call)
    this.#sums = new CompensatedSums(count)
  }

  protected override addFloat(index: number, value: number): void {
    this.#sums.add(index, value)
  }

  protected override total(index: number): number {
    return this.#sums.total(index)
  }

  protected override newTotal(): HistogramTotal {
    return new HistogramTotal('sum')
  }
}

export class MeanAccumulator extends TotalAccumulator {
  readonly #means: CompensatedMeans

  constructor(count: number, call: AggregationCall) {
    super(count, call)
    this.#means = new CompensatedMeans(count)
  }

  protected override addFloat(index: number, value: number): void {
    this.#means.add(index, value)
  }

  protected override total(index: number): number {
    return this.#means.mean(index)
  }

  protected override newTotal(): HistogramTotal {
    return new HistogramTotal('mean')
  }
}
