import { restoreSeries, type SavedSeries, saveSeries } from './saved-blocks.ts'
import type { Series, SeriesRegistry } from './series.ts'
import { seriesBytes } from './series-bytes.ts'

/** Expiry runs in the time after which a silent stream expires. */
const RUNS_PER_EXPIRY = 8

/** Memory of the series of a stream, in bytes. Most take less. If they take more, fewer streams have room. */
export const SERIES_BYTES_PER_STREAM = 1536

/** The state of a stream. */
export interface StreamState {
  /** When it last sent something, Unix ms by the clock. */
  lastSeen: number
}

/**
 * The state of each stream: of so many at most, and without streams that have been silent for long. These expire when
 * asked to, at multiples of a period, so that the same calls at the same times expire the same streams.
 */
export class StreamTable<T extends StreamState> {
  #maxStreams: number
  #maxStaleMs: number
  #streams = new Map<Series, T>()
  /** Memory of their series. */
  #bytes = 0
  #lastExpiry = 0

  /** @param maxStaleMs silence after which a stream expires */
  constructor(maxStreams: number, maxStaleMs: number) {
    this.#maxStreams = maxStreams
    this.#maxStaleMs = maxStaleMs
  }

  get size(): number {
    return this.#streams.size
  }

  get(series: Series): T | undefined {
    return this.#streams.get(series)
  }

  /** False if there is no room for another stream. */
  add(series: Series, state: T): boolean {
    const isFull = this.#bytes >= this.#maxStreams * SERIES_BYTES_PER_STREAM
    if (isFull || this.#streams.size >= this.#maxStreams) return false
    this.#streams.set(series, state)
    this.#bytes += seriesBytes(series)
    return true
  }

  /** Expires silent streams; returns their states. */
  expire(now: number): T[] {
    const period = Math.floor((now * RUNS_PER_EXPIRY) / this.#maxStaleMs)
    if (period === this.#lastExpiry) return []
    this.#lastExpiry = period
    const expired: T[] = []
    for (const [series, state] of this.#streams) {
      if (now - state.lastSeen < this.#maxStaleMs) continue
      this.#streams.delete(series)
      this.#bytes -= seriesBytes(series)
      expired.push(state)
    }
    return expired
  }

  /** @param save returns a state that V8 can serialize */
  save<S>(save: (state: T) => S): SavedStreams<S> {
    return {
      swept: this.#lastExpiry,
      streams: [...this.#streams].map(([series, state]) => [saveSeries(series), save(state)])
    }
  }

  restore<S>(saved: SavedStreams<S>, registry: SeriesRegistry, restore: (saved: S) => T): void {
    this.#lastExpiry = saved.swept
    this.#streams = new Map(saved.streams.map(([series, state]) => [restoreSeries(series, registry), restore(state)]))
    this.#bytes = 0
    for (const series of this.#streams.keys()) this.#bytes += seriesBytes(series)
  }
}

export interface SavedStreams<S> {
  readonly swept: number
  readonly streams: readonly (readonly [SavedSeries, S])[]
}
