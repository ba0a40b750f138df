import type { FloatHistogram } from '../../../core/promql/histogram/float-histogram.ts'
import type { Labels } from '../../../core/promql/labels.ts'
import type { SelectedSeries } from '../../../core/promql/sample-store.ts'

const MICROSECONDS = 1000

/** Some samples of one series, in any order. */
export interface SamplePart {
  /** Unix µs. */
  readonly micros: Float64Array
  readonly values: Float64Array
  /** 1 where it is a stale marker. Undefined if none is. */
  readonly stale: Uint8Array | undefined
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined
}

/** Samples by label sets: several stored series may have the same, and are one to PromQL. */
export class SampleParts {
  readonly #byLabels = new Map<string, { readonly labels: Labels; readonly parts: SamplePart[] }>()

  get series(): number {
    return this.#byLabels.size
  }

  add(labels: Labels, part: SamplePart): void {
    const known = this.#byLabels.get(labels.key)
    if (known === undefined) this.#byLabels.set(labels.key, { labels, parts: [part] })
    else known.parts.push(part)
  }

  /** By rising times in ms. Of samples of one ms the last one stands, as in Prometheus' stores. */
  selected(): SelectedSeries[] {
    return Array.from(this.#byLabels.values(), ({ labels, parts }) => {
      const part = parts.length === 1 ? parts[0] : joined(parts)
      return { labels, ...inMilliseconds(isRising(part.micros) ? part : sorted(part)) }
    })
  }
}

function joined(parts: readonly SamplePart[]): SamplePart {
  const length = parts.reduce((sum, { micros }) => sum + micros.length, 0)
  const micros = new Float64Array(length)
  const values = new Float64Array(length)
  const stale = parts.some(part => part.stale !== undefined) ? new Uint8Array(length) : undefined
  const histograms = parts.some(part => part.histograms !== undefined)
    ? new Array<FloatHistogram | undefined>(length).fill(undefined)
    : undefined
  let at = 0
  for (const part of parts) {
    micros.set(part.micros, at)
    values.set(part.values, at)
    if (part.stale !== undefined) stale!.set(part.stale, at)
    for (let i = 0; i < (part.histograms?.length ?? 0); i++) histograms![at + i] = part.histograms![i]
    at += part.micros.length
  }
  return { micros, values, stale, histograms }
}

function sorted({ micros, values, stale, histograms }: SamplePart): SamplePart {
  const order = Uint32Array.from(micros.keys()).sort((a, b) => micros[a] - micros[b])
  return {
    micros: Float64Array.from(order, i => micros[i]),
    values: Float64Array.from(order, i => values[i]),
    stale: stale && Uint8Array.from(order, i => stale[i]),
    histograms: histograms && Array.from(order, i => histograms[i])
  }
}

function inMilliseconds({ micros, values, stale, histograms }: SamplePart) {
  const times = new Float64Array(micros.length)
  const kept = new Float64Array(micros.length)
  const ends = stale && new Uint8Array(micros.length)
  const shapes = histograms && new Array<FloatHistogram | undefined>(micros.length)
  let last = -1
  for (let i = 0; i < micros.length; i++) {
    const time = Math.floor(micros[i] / MICROSECONDS)
    if (last < 0 || times[last] !== time) last++
    times[last] = time
    kept[last] = values[i]
    if (ends !== undefined) ends[last] = stale![i]
    if (shapes !== undefined) shapes[last] = histograms![i]
  }
  const length = last + 1
  return {
    times: times.subarray(0, length),
    values: kept.subarray(0, length),
    stale: ends?.subarray(0, length),
    histograms: shapes?.slice(0, length)
  }
}

function isRising(micros: Float64Array): boolean {
  for (let i = 1; i < micros.length; i++) if (micros[i] < micros[i - 1]) return false
  return true
}
