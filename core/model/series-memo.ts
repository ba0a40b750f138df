import type { Series } from './series.ts'

/** A power of two. With more series than this at a time, values are computed again and again. */
const SLOTS = 2 ** 16

/** Memory of one memo with small values: references and the values themselves. */
export const SERIES_MEMO_BYTES = SLOTS * 120

/** A memo of a function of series, for the series seen last. Series whose ids share a slot replace each other. */
export class SeriesMemo<T> {
  #make: (series: Series) => T
  #owner: (Series | undefined)[] = new Array(SLOTS).fill(undefined)
  #values: (T | undefined)[] = new Array(SLOTS).fill(undefined)

  constructor(make: (series: Series) => T) {
    this.#make = make
  }

  get(series: Series): T {
    const slot = series.id & (SLOTS - 1)
    if (this.#owner[slot] === series) return this.#values[slot]!
    const value = this.#make(series)
    this.#owner[slot] = series
    this.#values[slot] = value
    return value
  }
}
