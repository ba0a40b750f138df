import { restoreSeries, type SavedSeries, saveSeries } from './saved-blocks.ts'
import type { Series, SeriesRegistry } from './series.ts'
import { seriesBytes } from './series-bytes.ts'

/** Parts of the time after which a silent stream is forgotten: how often is looked. */
const SWEEPS = 8

/** Memory of the series of a stream, in bytes. Most take less; where they take more, fewer streams have a place. */
export const SERIES_BYTES_PER_STREAM = 1536

/** What is remembered of a stream. */
export interface StreamState {
  /** When it last sent something, Unix ms by the clock. */
  lastSeen: number
}

/**
 * What is remembered of each series: of so many at most, and not of those that have been silent for long. Looks for those
 * when asked, at multiples of a period, so that the same questions at the same times forget the same.
 */
export class StreamTable<T extends StreamState> {
  #maxStreams: number
  #maxStaleMs: number
  #streams = new Map<Series, T>()
  /** Memory of their series. */
  #bytes = 0
  #swept = 0

  /** @param maxStaleMs silence after which a stream is forgotten */
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

  /** False where there is no place for another. */
  add(series: Series, state: T): boolean {
    const isFull = this.#bytes >= this.#maxStreams * SERIES_BYTES_PER_STREAM
    if (isFull || this.#streams.size >= this.#maxStreams) return false
    this.#streams.set(series, state)
    this.#bytes += seriesBytes(series)
    return true
  }

  /** Forgets the silent; returns what was known of them. */
  expire(now: number): T[] {
    const period = Math.floor((now * SWEEPS) / this.#maxStaleMs)
    if (period === this.#swept) return []
    this.#swept = period
    const gone: T[] = []
    for (const [series, state] of this.#streams) {
      if (now - state.lastSeen < this.#maxStaleMs) continue
      this.#streams.delete(series)
      this.#bytes -= seriesBytes(series)
      gone.push(state)
    }
    return gone
  }

  /** @param save what V8 can serialize */
  save<S>(save: (state: T) => S): SavedStreams<S> {
    return {
      swept: this.#swept,
      streams: [...this.#streams].map(([series, state]) => [saveSeries(series), save(state)])
    }
  }

  restore<S>(saved: SavedStreams<S>, registry: SeriesRegistry, restore: (saved: S) => T): void {
    this.#swept = saved.swept
    this.#streams = new Map(saved.streams.map(([series, state]) => [restoreSeries(series, registry), restore(state)]))
    this.#bytes = 0
    for (const series of this.#streams.keys()) this.#bytes += seriesBytes(series)
  }
}

export interface SavedStreams<S> {
  readonly swept: number
  readonly streams: readonly (readonly [SavedSeries, S])[]
}
