/** Room for samples to come, as a share of those that are there. */
const SPARE = 0.25
const LEAST_ROOM = 16

/** Samples by rising times, Unix ms. `stale` is 1 for stale markers; undefined if there are none. */
export interface SampleColumns {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array | undefined
}

/**
 * Samples of one series that come at its end. Queries look at them by views, which never change: samples that were
 * removed and come again otherwise are written elsewhere.
 */
export class CachedSeries {
  #times = new Float64Array(0)
  #values = new Float64Array(0)
  #stale: Uint8Array<ArrayBuffer> | undefined
  #length = 0
  /** Samples that views may have. */
  #seen = 0

  get length(): number {
    return this.#length
  }

  /** The samples with `after < time <= until`. */
  view(after: number, until: number): SampleColumns {
    const from = this.#countUntil(after)
    const to = this.#countUntil(until)
    return {
      times: this.#times.subarray(from, to),
      values: this.#values.subarray(from, to),
      stale: this.#stale?.subarray(from, to)
    }
  }

  /** Adds samples that are later than all others. */
  append({ times, values, stale }: SampleColumns): void {
    if (stale !== undefined) this.#stale ??= new Uint8Array(this.#times.length)
    for (let i = 0; i < times.length; i++) {
      const at = this.#length
      const [time, value, end] = [times[i], values[i], stale?.[i] ?? 0]
      const isSame = this.#times[at] === time && Object.is(this.#values[at], value) && (this.#stale?.[at] ?? 0) === end
      if (at === this.#times.length || (at < this.#seen && !isSame)) this.#move(0, times.length - i)
      this.#times[at] = time
      this.#values[at] = value
      if (this.#stale !== undefined) this.#stale[at] = end
      this.#length++
    }
    this.#seen = Math.max(this.#seen, this.#length)
  }

  /** Removes the samples after `time`. */
  removeAfter(time: number): void {
    this.#length = this.#countUntil(time)
  }

  /** Removes the samples until `time`, included. */
  removeUntil(time: number): void {
    this.#move(this.#countUntil(time), 0)
  }

  /** To memory of its own, without the first samples. */
  #move(first: number, more: number): void {
    const length = this.#length - first
    const room = length + more + Math.max(LEAST_ROOM, Math.ceil(SPARE * (length + more)))
    const [times, values] = [new Float64Array(room), new Float64Array(room)]
    times.set(this.#times.subarray(first, this.#length))
    values.set(this.#values.subarray(first, this.#length))
    if (this.#stale !== undefined) {
      const stale = new Uint8Array(room)
      stale.set(this.#stale.subarray(first, this.#length))
      this.#stale = stale
    }
    this.#times = times
    this.#values = values
    this.#length = length
    this.#seen = 0
  }

  #countUntil(time: number): number {
    let [low, high] = [0, this.#length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#times[middle] <= time) low = middle + 1
      else high = middle
    }
    return low
  }
}
