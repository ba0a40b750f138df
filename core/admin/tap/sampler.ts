/** So many times a second there are items again, so that not all are of one batch. */
const TURNS_PER_SECOND = 4

/** Chooses some of the items that pass: so many a second at most. */
export class Sampler {
  readonly #perSecond: number
  readonly #atOnce: number
  #tokens: number
  #since = Number.NEGATIVE_INFINITY

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#atOnce = Math.max(1, perSecond / TURNS_PER_SECOND)
    this.#tokens = this.#atOnce
  }

  /**
   * Indexes below `length`, spread over it, rising.
   * @param now ms of any clock that does not go back
   */
  choose(length: number, now: number): number[] {
    const earned = Number.isFinite(this.#since) ? ((now - this.#since) * this.#perSecond) / 1000 : 0
    this.#tokens = Math.min(this.#atOnce, this.#tokens + earned)
    this.#since = now
    const chosen = Math.min(length, Math.floor(this.#tokens))
    this.#tokens -= chosen
    const offset = Math.random()
    return Array.from({ length: chosen }, (_, k) => Math.floor(((k + offset) * length) / chosen))
  }
}
