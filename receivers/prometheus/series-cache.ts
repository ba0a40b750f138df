import type { Series } from '../../sdk/plugin/index.ts'

/** A series of a target as its text stands in the exposition. */
export interface CachedSeries {
  /** Undefined if it is dropped. As long as it is kept, the series' id means this series. */
  readonly series: Series | undefined
  /** Reason of the drop in the ledger; undefined if relabelling drops it. */
  readonly reason: string | undefined
  /** Number of the scrape that it was in last. */
  seenIn: number
  /** Its last point is no stale marker, and had the time of its scrape. */
  isLive: boolean
}

/** The series that a target exposed last, by their text. */
export class SeriesCache {
  readonly #entries = new Map<string, CachedSeries>()
  #scrape = 0

  begin(): void {
    this.#scrape++
  }

  /** The entry of a series; made if it is new. */
  get(text: string, make: () => Pick<CachedSeries, 'series' | 'reason'>): CachedSeries {
    let entry = this.#entries.get(text)
    if (entry === undefined) {
      entry = { ...make(), seenIn: 0, isLive: false }
      // One that has no room now may have some at the next scrape.
      if (entry.reason === undefined) this.#entries.set(text, entry)
    }
    return entry
  }

  /** The series is in this scrape. */
  see(entry: CachedSeries): void {
    entry.seenIn = this.#scrape
  }

  /** Ends series that were not in the scrape, and forgets them. */
  endMissing(end: (series: Series) => void): void {
    for (const [text, entry] of this.#entries) {
      if (entry.seenIn === this.#scrape) continue
      if (entry.isLive) end(entry.series!)
      this.#entries.delete(text)
    }
  }

  /** Ends all series: the target is gone, or did not answer. */
  endAll(end: (series: Series) => void): void {
    for (const entry of this.#entries.values()) {
      if (entry.isLive) end(entry.series!)
      entry.isLive = false
    }
  }
}
