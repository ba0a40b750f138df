import type { Row } from '../promql/engine/rows.ts'

/** Of a row beyond its columns: labels, objects, an entry of a map. */
const ROW_BYTES = 500
const CELL_BYTES = 9
/** A histogram with some dozens of buckets. */
const HISTOGRAM_BYTES = 1000

/** Rows of a range query, at the times `start + i * stepMs` up to `end`, Unix ms. */
export interface Extent {
  readonly start: number
  readonly end: number
  readonly stepMs: number
  readonly rows: readonly Row[]
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

interface Entry {
  extent: Extent
  /** Its times depend on samples so much later, in ms. */
  readonly aheadMs: number
  bytes: number
}

/**
 * Results of range queries, so that a dashboard that is drawn again costs its newest steps only. Results from the time
 * on at which samples have changed are removed: none is kept that the store would not give again.
 */
export class ResultCache {
  readonly #maxBytes: number
  /** The least recently used one first. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: string): Extent | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.extent
  }

  put(key: string, extent: Extent, aheadMs: number): void {
    this.#delete(key)
    const bytes = bytesOf(key, extent)
    if (bytes > this.#maxBytes / 2 || stepsOf(extent) === 0) return
    this.#entries.set(key, { extent, aheadMs, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#delete(oldest)
    }
  }

  /** Samples from `time` on, Unix ms, have changed. */
  invalidate(time: number): void {
    if (time === Number.POSITIVE_INFINITY) return
    for (const [key, entry] of this.#entries) {
      const { extent, aheadMs } = entry
      if (extent.end + aheadMs < time) continue
      const kept = before(extent, time - aheadMs)
      if (stepsOf(kept) === 0) {
        this.#delete(key)
        continue
      }
      this.#bytes -= entry.bytes
      entry.extent = kept
      entry.bytes = bytesOf(key, kept)
      this.#bytes += entry.bytes
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}

/** Its steps before `time`. */
export function before(extent: Extent, time: number): Extent {
  const count = Math.max(0, Math.ceil((Math.min(time, extent.end + 1) - extent.start) / extent.stepMs))
  return part(extent, 0, count)
}

/** Its steps within the range, which begins at one of them. */
export function within(extent: Extent, start: number, end: number): Extent {
  const from = Math.max(0, Math.round((start - extent.start) / extent.stepMs))
  const to = Math.floor((Math.min(end, extent.end) - extent.start) / extent.stepMs) + 1
  return part(extent, from, Math.max(from, to))
}

/** Extents side by side as one: each begins a step after the one before ends. */
export function joined(extents: readonly Extent[]): Extent {
  const [first] = extents
  const count = extents.reduce((sum, extent) => sum + stepsOf(extent), 0)
  const rows = new Map<string, Row>()
  let at = 0
  for (const extent of extents) {
    for (const row of extent.rows) {
      const whole = rows.get(row.labels.key) ?? emptyRow(row, count)
      rows.set(row.labels.key, whole)
      whole.values.set(row.values, at)
      whole.kinds.set(row.kinds, at)
      copyHistograms(row, whole, at)
    }
    at += stepsOf(extent)
  }
  return {
    start: first.start,
    end: first.start + (count - 1) * first.stepMs,
    stepMs: first.stepMs,
    rows: [...rows.values()],
    warnings: [...new Set(extents.flatMap(({ warnings }) => warnings))],
    infos: [...new Set(extents.flatMap(({ infos }) => infos))]
  }
}

export function stepsOf({ start, end, stepMs }: Pick<Extent, 'start' | 'end' | 'stepMs'>): number {
  return end < start ? 0 : Math.floor((end - start) / stepMs) + 1
}

function part(extent: Extent, from: number, to: number): Extent {
  if (from === 0 && to === stepsOf(extent)) return extent
  const rows = extent.rows.map(row => ({
    ...row,
    values: row.values.slice(from, to),
    kinds: row.kinds.slice(from, to),
    histograms: row.histograms?.slice(from, to)
  }))
  const { start, stepMs } = extent
  return { ...extent, start: start + from * stepMs, end: start + (to - 1) * stepMs, rows }
}

function emptyRow({ labels, dropName, histograms }: Row, count: number): Row {
  return {
    labels,
    dropName,
    values: new Float64Array(count),
    kinds: new Uint8Array(count),
    histograms: histograms && new Array(count).fill(undefined)
  }
}

function copyHistograms({ histograms }: Row, to: Row, at: number): void {
  if (histograms === undefined) return
  to.histograms ??= new Array(to.kinds.length).fill(undefined)
  for (const [i, histogram] of histograms.entries()) to.histograms[at + i] = histogram
}

function bytesOf(key: string, { rows }: Extent): number {
  let bytes = 2 * key.length
  for (const { labels, values, histograms } of rows) {
    bytes += ROW_BYTES + 2 * labels.key.length + CELL_BYTES * values.length
    if (histograms !== undefined) bytes += HISTOGRAM_BYTES * histograms.length
  }
  return bytes
}
