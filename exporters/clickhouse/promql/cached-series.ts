/** Room for samples to come, as a share of those that are there. */
const SPARE = 0.25
const LEAST_ROOM = 16

/** Samples by rising times, Unix ms. `stale` is 1 for stale markers; undefined if there are none. */
export interface SampleColumns {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array | undefined
}

/** Samples as they were read: at `after + since`, in Unix ms, by rising times. */
export interface ReadSamples {
  readonly after: number
  readonly since: Uint32Array
  readonly values: Float64Array
  readonly stale: Uint8Array | undefined
}

/** Memory for the samples of many series: one piece is made faster than thousands. */
export class SeriesRoom {
  readonly #times: Float64Array
  readonly #values: Float64Array
  #used = 0

  /** @param lengths numbers of samples that each series begins with */
  constructor(lengths: readonly number[]) {
    const size = lengths.reduce((sum, length) => sum + withSpare(length), 0)
    this.#times = new Float64Array(size)
    this.#values = new Float64Array(size)
  }

  /** For one of these series. */
  take(length: number): Pick<SampleColumns, 'times' | 'values'> {
    const from = this.#used
    this.#used += withSpare(length)
    return { times: this.#times.subarray(from, this.#used), values: this.#values.subarray(from, this.#used) }
  }
}

const withSpare = (length: number) => length + Math.max(LEAST_ROOM, Math.ceil(SPARE * length))

/**
 * Samples of one series that come at its end. Queries look at them by views, which never change: samples that were
 * removed and come again otherwise are written elsewhere.
 */
export class CachedSeries {
  #times: Float64Array
  #values: Float64Array
  #stale: Uint8Array<ArrayBuffer> | undefined
  #length = 0
  /** Samples that views may have. */
  #seen = 0

  constructor({ times, values }: Pick<SampleColumns, 'times' | 'values'>) {
    this.#times = times
    this.#values = values
  }

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
  append({ after, since, values, stale }: ReadSamples): void {
    if (stale !== undefined) this.#stale ??= new Uint8Array(this.#times.length)
    for (let i = 0; i < since.length; i++) {
      const at = this.#length
      const [time, value, end] = [after + since[i], values[i], stale?.[i] ?? 0]
      const isSame = this.#times[at] === time && Object.is(this.#values[at], value) && (this.#stale?.[at] ?? 0) === end
      if (at === this.#times.length || (at < this.#seen && !isSame)) this.#move(0, since.length - i)
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
    const room = withSpare(length + more)
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
