import { type SavedSeries, saveSeries } from './saved-blocks.ts'
import { IdColumn } from './series-table/id-column.ts'
import { KeyTable } from './series-table/key-table.ts'
import type { SeriesTable } from './series-table/series-table.ts'

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
  #series: SeriesTable
  #maxStreams: number
  #maxStaleMs: number
  /** By id of the series: index of its state, and 1. */
  #indexes = new IdColumn<Uint32Array>(Uint32Array)
  #ids: number[] = []
  #states: (T | undefined)[] = []
  #free: number[] = []
  /** Memory of their series. */
  #bytes = 0
  #lastExpiry = 0

  /** @param maxStaleMs silence after which a stream expires */
  constructor(series: SeriesTable, maxStreams: number, maxStaleMs: number) {
    this.#series = series
    this.#maxStreams = maxStreams
    this.#maxStaleMs = maxStaleMs
    series.addHolder(this)
  }

  get size(): number {
    return this.#states.length - this.#free.length
  }

  /** @param id of the series */
  get(id: number): T | undefined {
    return this.#states[this.#indexes.get(id) - 1]
  }

  /** False if there is no room for another stream. */
  add(id: number, state: T): boolean {
    const isFull = this.#bytes >= this.#maxStreams * SERIES_BYTES_PER_STREAM
    if (isFull || this.size >= this.#maxStreams) return false
    // The id may be of an old block, and come again with a new one before the state is asked for its ids.
    this.#series.see(id)
    this.#put(id, state)
    return true
  }

  /** Expires silent streams; returns their states. */
  expire(now: number): T[] {
    const period = Math.floor((now * RUNS_PER_EXPIRY) / this.#maxStaleMs)
    if (period === this.#lastExpiry) return []
    this.#lastExpiry = period
    const expired: T[] = []
    for (const [index, state] of this.#states.entries()) {
      if (state === undefined || now - state.lastSeen < this.#maxStaleMs) continue
      this.#remove(index)
      expired.push(state)
    }
    return expired
  }

  /** Calls `hold` with the id of the series of each stream. */
  holdIds(hold: (id: number) => void): void {
    for (const [index, state] of this.#states.entries()) if (state !== undefined) hold(this.#ids[index])
  }

  /** @param save returns a state that V8 can serialize */
  save<S>(save: (state: T) => S): SavedStreams<S> {
    const streams: [SavedSeries, S][] = []
    for (const [index, state] of this.#states.entries())
      if (state !== undefined) streams.push([saveSeries(this.#series.at(this.#ids[index])), save(state)])
    return { swept: this.#lastExpiry, streams }
  }

  restore<S>(saved: SavedStreams<S>, restore: (saved: S) => T): void {
    this.#lastExpiry = saved.swept
    for (const [index, state] of this.#states.entries()) if (state !== undefined) this.#remove(index)
    for (const [series, state] of saved.streams) this.#put(this.#series.idOf(...series), restore(state))
  }

  #put(id: number, state: T): void {
    const index = this.#free.pop() ?? this.#states.length
    this.#ids[index] = id
    this.#states[index] = state
    this.#indexes.set(id, index + 1)
    this.#bytes += this.#bytesOf(id)
  }

  #remove(index: number): void {
    const id = this.#ids[index]
    this.#states[index] = undefined
    this.#free.push(index)
    this.#indexes.clear(id)
    this.#bytes -= this.#bytesOf(id)
  }

  #bytesOf(id: number): number {
    const { start, end } = this.#series.keyOf(id)
    return KeyTable.bytesOf(end - start)
  }
}

export interface SavedStreams<S> {
  readonly swept: number
  readonly streams: readonly (readonly [SavedSeries, S])[]
}
