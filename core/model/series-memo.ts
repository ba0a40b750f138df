import type { Series } from './series.ts'
import { seriesBytes } from './series-bytes.ts'

/** A power of two. With more series than this at a time, values are computed again and again. */
const SLOTS = 2 ** 16

/** Memory of the series that are kept because of it: 1.25 KiB for each slot, which is more than most take. */
const BYTES_OF_SERIES = SLOTS * 1280

/** Memory of one memo with small values: series, references and the values themselves. */
export const SERIES_MEMO_BYTES = SLOTS * 120 + BYTES_OF_SERIES

/** A memo of a function of series, for the series seen last. Series whose ids share a slot replace each other. */
export class SeriesMemo<T> {
  #make: (series: Series) => T
  /** Memory of series added since it was empty. */
  #bytes = 0
  #owner: (Series | undefined)[] = new Array(SLOTS).fill(undefined)
  #values: (T | undefined)[] = new Array(SLOTS).fill(undefined)

  constructor(make: (series: Series) => T) {
    this.#make = make
  }

  get(series: Series): T {
    const slot = series.id & (SLOTS - 1)
    if (this.#owner[slot] === series) return this.#values[slot]!
    const value = this.#make(series)
    this.#bytes += seriesBytes(series)
    if (this.#bytes > BYTES_OF_SERIES) this.#clear()
    this.#owner[slot] = series
    this.#values[slot] = value
    return value
  }

  #clear(): void {
    this.#owner.fill(undefined)
    this.#values.fill(undefined)
    this.#bytes = 0
  }
}
