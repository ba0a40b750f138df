import { type SavedSeries, saveSeries } from './saved-blocks.ts'
import { SeriesSlots } from './series-slots.ts'
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

/** A stream that was removed. */
export interface ExpiredStream<T> {
  /** Of the series. */
  readonly id: number
  readonly state: T
}

/**
 * The state of each stream: of so many at most, and without streams that have been silent for long. These expire when
 * asked to, at multiples of a period, so that the same calls at the same times expire the same streams.
 */
export class StreamTable<T extends StreamState> {
  #slots: SeriesSlots
  #maxStreams: number
  #maxStaleMs: number
  /** By slot of the series. */
  #states: (T | undefined)[] = []
  #lastExpiry = 0

  /** @param maxStaleMs silence after which a stream expires */
  constructor(series: SeriesTable, maxStreams: number, maxStaleMs: number) {
    this.#slots = new SeriesSlots(series)
    this.#maxStreams = maxStreams
    this.#maxStaleMs = maxStaleMs
  }

  get size(): number {
    return this.#slots.size
  }

  /** @param id of the series */
  get(id: number): T | undefined {
    return this.#states[this.#slots.find(id)]
  }

  /** False if there is no room for another stream. */
  add(id: number, state: T): boolean {
    const isFull = this.#slots.keyBytes >= this.#maxStreams * SERIES_BYTES_PER_STREAM
    if (isFull || this.size >= this.#maxStreams) return false
    this.#states[this.#slots.add(id)] = state
    return true
  }

  /** Expires silent streams; returns them with the ids of their series, which are valid until series expire. */
  expire(now: number): ExpiredStream<T>[] {
    const period = Math.floor((now * RUNS_PER_EXPIRY) / this.#maxStaleMs)
    if (period === this.#lastExpiry) return []
    this.#lastExpiry = period
    const expired: ExpiredStream<T>[] = []
    for (const [slot, state] of this.#states.entries()) {
      if (state === undefined || now - state.lastSeen < this.#maxStaleMs) continue
      expired.push({ id: this.#slots.idOf(slot), state })
      this.#remove(slot)
    }
    return expired
  }

  /** @param save returns a state that V8 can serialize */
  save<S>(save: (state: T) => S): SavedStreams<S> {
    const { table } = this.#slots
    const streams: [SavedSeries, S][] = []
    for (const [slot, state] of this.#states.entries())
      if (state !== undefined) streams.push([saveSeries(table.read(this.#slots.idOf(slot))), save(state)])
    return { swept: this.#lastExpiry, streams }
  }

  restore<S>(saved: SavedStreams<S>, restore: (saved: S) => T): void {
    this.#lastExpiry = saved.swept
    for (const [slot, state] of this.#states.entries()) if (state !== undefined) this.#remove(slot)
    for (const [series, state] of saved.streams)
      this.#states[this.#slots.add(this.#slots.table.idOf(...series))] = restore(state)
  }

  #remove(slot: number): void {
    this.#slots.remove([slot])
    this.#states[slot] = undefined
  }
}

export interface SavedStreams<S> {
  readonly swept: number
  readonly streams: readonly (readonly [SavedSeries, S])[]
}
