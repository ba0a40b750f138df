import { FLOAT, type Row } from '../rows.ts'
import { type Accumulator, type AggregationCall, informIgnoredHistogram } from './accumulator.ts'

/** The smallest or largest float. NaN only if there is nothing else. */
export class ExtremeAccumulator implements Accumulator {
  readonly #call: AggregationCall
  /** -1 turns the order around. */
  readonly #sign: 1 | -1
  readonly #values: Float64Array
  readonly #kinds: Uint8Array

  constructor(count: number, call: AggregationCall, sign: 1 | -1) {
    this.#call = call
    this.#sign = sign
    this.#values = new Float64Array(count).fill(NaN)
    this.#kinds = new Uint8Array(count)
  }

  add({ kinds, values, histograms }: Row): void {
    if (histograms !== undefined) informIgnoredHistogram(this.#call)
    const best = this.#values
    const sign = this.#sign
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== FLOAT) continue
      this.#kinds[i] = FLOAT
      if (sign * values[i]! > sign * best[i]! || Number.isNaN(best[i])) best[i] = values[i]!
    }
  }

  finish(target: Row): void {
    target.kinds.set(this.#kinds)
    for (let i = 0; i < target.kinds.length; i++) if (target.kinds[i] === FLOAT) target.values[i] = this.#values[i]!
  }
}
