/**
 * Running sums that keep what rounding loses, by Neumaier's method:
 * https://en.wikipedia.org/wiki/Kahan_summation_algorithm#Further_enhancements
 */
export class CompensatedSums {
  readonly sums: Float64Array
  /** Sums of what was lost. */
  readonly lost: Float64Array

  constructor(count: number) {
    this.sums = new Float64Array(count)
    this.lost = new Float64Array(count)
  }

  set(index: number, sum: number): void {
    this.sums[index] = sum
    this.lost[index] = 0
  }

  add(index: number, value: number): void {
    const sum = this.sums[index]!
    const total = sum + value
    if (total === Infinity || total === -Infinity) this.lost[index] = 0
    else if (Math.abs(sum) >= Math.abs(value)) this.lost[index]! += sum - total + value
    else this.lost[index]! += value - total + sum
    this.sums[index] = total
  }

  scale(index: number, factor: number): void {
    this.sums[index]! *= factor
    this.lost[index]! *= factor
  }

  total(index: number): number {
    return this.sums[index]! + this.lost[index]!
  }
}

/** The sum of some numbers in a row, by the same method. One object serves many sums, whose results are in it. */
export class CompensatedSum {
  sum = 0
  lost = 0

  /** False if the sum is not finite: it is not known then. @param from the sum of none; -0 for that of the numbers alone */
  of(values: Float64Array, first: number, end: number, from: 0 | -0): boolean {
    // In variables, which are many times as fast as fields.
    let sum: number = from
    let lost = 0
    for (let i = first; i < end; i++) {
      const value = values[i]!
      const total = sum + value
      lost += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
      sum = total
    }
    this.sum = sum
    this.lost = lost
    return Number.isFinite(sum)
  }
}

/** Means by their sums, as long as these are finite, and from then on by incremental means: those do not overflow. */
export class CompensatedMeans {
  readonly #sums: CompensatedSums
  readonly #counts: Float64Array
  readonly #incremental: Uint8Array

  constructor(count: number) {
    this.#sums = new CompensatedSums(count)
    this.#counts = new Float64Array(count)
    this.#incremental = new Uint8Array(count)
  }

  reset(index: number): void {
    this.#counts[index] = 0
    this.#incremental[index] = 0
  }

  add(index: number, value: number): void {
    const count = ++this.#counts[index]!
    const sums = this.#sums
    if (count === 1) return sums.set(index, value)
    if (this.#incremental[index] === 0) {
      const sum = sums.sums[index]!
      const lost = sums.lost[index]!
      sums.add(index, value)
      if (Math.abs(sums.sums[index]!) !== Infinity) return
      this.#incremental[index] = 1
      sums.sums[index] = sum / (count - 1)
      sums.lost[index] = lost / (count - 1)
    }
    sums.scale(index, (count - 1) / count)
    sums.add(index, value / count)
  }

  mean(index: number): number {
    if (this.#incremental[index] === 1) return this.#sums.total(index)
    return this.#sums.sums[index]! / this.#counts[index]! + this.#sums.lost[index]! / this.#counts[index]!
  }
}
