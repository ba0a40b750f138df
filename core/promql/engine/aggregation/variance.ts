import { FLOAT, type Row } from '../rows.ts'
import { type Accumulator, type AggregationCall, informIgnoredHistogram } from './accumulator.ts'

/** The population's variance, by Welford's method. */
export class VarianceAccumulator implements Accumulator {
  readonly #call: AggregationCall
  readonly #counts: Float64Array
  readonly #means: Float64Array
  readonly #squares: Float64Array

  constructor(count: number, call: AggregationCall) {
    this.#call = call
    this.#counts = new Float64Array(count)
    this.#means = new Float64Array(count)
    this.#squares = new Float64Array(count)
  }

  add({ kinds, values, histograms }: Row): void {
    if (histograms !== undefined) informIgnoredHistogram(this.#call)
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== FLOAT) continue
      const count = ++this.#counts[i]!
      const distance = values[i]! - this.#means[i]!
      this.#means[i]! += distance / count
      this.#squares[i]! += distance * (values[i]! - this.#means[i]!)
    }
  }

  finish(target: Row): void {
    for (let i = 0; i < target.kinds.length; i++) {
      if (this.#counts[i] === 0) continue
      target.kinds[i] = FLOAT
      target.values[i] = this.#squares[i]! / this.#counts[i]!
    }
  }
}

export class DeviationAccumulator extends VarianceAccumulator {
  override finish(target: Row): void {
    super.finish(target)
    for (let i = 0; i < target.values.length; i++) target.values[i] = Math.sqrt(target.values[i]!)
  }
}
