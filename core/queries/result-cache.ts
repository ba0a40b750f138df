import type { ResultSeries } from '../promql/engine/evaluate.ts'

/** Of a series beyond its samples: labels, objects, an entry of a map. */
const SERIES_BYTES = 500
const SAMPLE_BYTES = 16
/** A histogram with some dozens of buckets. */
const HISTOGRAM_BYTES = 1000

/** The result of a range query, at the times `start + i * stepMs` up to `end`, Unix ms. */
export interface Extent {
  readonly start: number
  readonly end: number
  readonly stepMs: number
  readonly series: readonly ResultSeries[]
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
  return within(extent, extent.start, Math.ceil(time) - 1)
}

/** Its steps within the range, which begins at one of them. */
export function within(extent: Extent, start: number, end: number): Extent {
  const { stepMs } = extent
  const from = Math.max(start, extent.start)
  const until = Math.min(end, extent.end)
  if (from === extent.start && until === extent.end) return extent
  const steps = Math.max(0, Math.floor((until - from) / stepMs) + 1)
  const last = from + (steps - 1) * stepMs
  const series = extent.series.map(own => samplesWithin(own, from, last)).filter(({ times }) => times.length > 0)
  return { ...extent, start: from, end: last, series }
}

/** Extents side by side as one: each begins a step after the one before ends. */
export function joined(extents: readonly Extent[]): Extent {
  const parts = new Map<string, ResultSeries[]>()
  for (const { series } of extents) {
    for (const one of series) {
      const known = parts.get(one.labels.key)
      if (known === undefined) parts.set(one.labels.key, [one])
      else known.push(one)
    }
  }
  return {
    start: extents[0].start,
    end: extents[extents.length - 1].end,
    stepMs: extents[0].stepMs,
    series: Array.from(parts.values(), joinSeries).sort((a, b) => a.labels.compare(b.labels)),
    warnings: [...new Set(extents.flatMap(({ warnings }) => warnings))],
    infos: [...new Set(extents.flatMap(({ infos }) => infos))]
  }
}

export function stepsOf({ start, end, stepMs }: Pick<Extent, 'start' | 'end' | 'stepMs'>): number {
  return end < start ? 0 : Math.floor((end - start) / stepMs) + 1
}

function samplesWithin({ labels, times, values, histograms }: ResultSeries, from: number, until: number): ResultSeries {
  let first = 0
  let end = times.length
  while (first < end && times[first] < from) first++
  while (end > first && times[end - 1] > until) end--
  return {
    labels,
    times: times.slice(first, end),
    values: values.slice(first, end),
    histograms: histograms?.slice(first, end)
  }
}

function joinSeries(parts: readonly ResultSeries[]): ResultSeries {
  if (parts.length === 1) return parts[0]
  const length = parts.reduce((sum, { times }) => sum + times.length, 0)
  const times = new Float64Array(length)
  const values = new Float64Array(length)
  let at = 0
  for (const part of parts) {
    times.set(part.times, at)
    values.set(part.values, at)
    at += part.times.length
  }
  const hasHistograms = parts.some(({ histograms }) => histograms !== undefined)
  const histogramsOf = ({ times, histograms }: ResultSeries) => histograms ?? new Array<undefined>(times.length)
  return { labels: parts[0].labels, times, values, histograms: hasHistograms ? parts.flatMap(histogramsOf) : undefined }
}

function bytesOf(key: string, { series }: Extent): number {
  let bytes = 2 * key.length
  for (const { labels, times, histograms } of series) {
    bytes += SERIES_BYTES + 2 * labels.key.length + SAMPLE_BYTES * times.length
    if (histograms !== undefined) bytes += HISTOGRAM_BYTES * histograms.length
  }
  return bytes
}
