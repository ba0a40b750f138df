import { QueryError, TooMuchError } from '../query-error.ts'
import type { QueryLimits } from '../sample-store.ts'

/** Samples that several queries have in memory together. */
export class SampleTotal {
  readonly #most: number
  #current = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Throws a {@link QueryError} before there are more than there may be. */
  add(count: number): void {
    if (this.#current + count > this.#most)
      throw new QueryError(
        'unavailable',
        `queries that run now hold ${this.#current} samples, and may hold ${this.#most} together (max_samples): try again`
      )
    this.#current += count
  }

  release(count: number): void {
    this.#current -= count
  }
}

/** Samples that a query has in memory. One cell of a row counts as a sample, also if it is empty: it takes memory. */
export class SampleBudget {
  readonly #limits: QueryLimits
  readonly #total: SampleTotal | undefined
  #current = 0
  #peak = 0
  #read = 0

  /** @param total of this and other queries */
  constructor(limits: QueryLimits, total?: SampleTotal) {
    this.#limits = limits
    this.#total = total
  }

  get current(): number {
    return this.#current
  }

  /** The most samples at one time. */
  get peak(): number {
    return this.#peak
  }

  /** Samples that selectors and range functions looked at, at all evaluation times together. */
  get read(): number {
    return this.#read
  }

  /** Throws a {@link QueryError} before `count` samples are made that are too many. */
  take(count: number): void {
    this.checkRoom(count)
    this.#total?.add(count)
    this.#current += count
    if (this.#current > this.#peak) this.#peak = this.#current
  }

  /** Throws a {@link QueryError} if `count` more samples are too many. */
  checkRoom(count: number): void {
    if (this.#current + count <= this.#limits.maxSamples) return
    throw new TooMuchError(
      `the query needs more than ${this.#limits.maxSamples} samples in memory (max_samples): narrow it by labels, ` +
        'shorten its time range, or make its step longer'
    )
  }

  /** Inputs of a node are garbage once its result is there: `count` samples more than before it. */
  settle(before: number, count: number): void {
    this.#total?.release(this.#current - before)
    this.#current = before
    this.take(count)
  }

  /** The query is over. */
  end(): void {
    this.#total?.release(this.#current)
    this.#current = 0
  }

  countRead(count: number): void {
    this.#read += count
  }

  checkSeries(count: number): void {
    if (count <= this.#limits.maxSeries) return
    throw new QueryError(
      'execution',
      `a selector of the query matches ${count} series, more than ${this.#limits.maxSeries} (max_series): narrow it by labels`
    )
  }
}
