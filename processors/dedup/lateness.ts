const BUCKETS_PER_DOUBLING = 8
/** From 1 ms to about 50 days. */
const BUCKETS = 32 * BUCKETS_PER_DOUBLING
const P99 = 0.99

/** The time from an item to its duplicates: the longest, and the 99th percentile to 9 %. */
export class Lateness {
  maxMs = 0
  #counts = new Float64Array(BUCKETS)
  #total = 0

  /** @param ms how long after the first */
  observe(ms: number): void {
    if (ms > this.maxMs) this.maxMs = ms
    const bucket = Math.ceil(Math.log2(Math.max(1, ms)) * BUCKETS_PER_DOUBLING)
    this.#counts[Math.min(BUCKETS - 1, bucket)]++
    this.#total++
  }

  get p99Ms(): number {
    let below = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      below += this.#counts[bucket]
      if (below >= this.#total * P99 && below > 0) return Math.min(this.maxMs, 2 ** (bucket / BUCKETS_PER_DOUBLING))
    }
    return 0
  }
}
