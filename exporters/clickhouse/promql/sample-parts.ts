import { add } from '../../../core/promql/histogram/arithmetic.ts'
import type { FloatHistogram } from '../../../core/promql/histogram/float-histogram.ts'
import type { Labels } from '../../../core/promql/labels.ts'
import type { SelectedSeries } from '../../../core/promql/sample-store.ts'
import type { Reading } from './catalog.ts'
import { inOrder, risingOrder } from './rising-order.ts'

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

interface OneSeries {
  readonly labels: Labels
  readonly reading: Reading
  readonly parts: SamplePart[]
}

/** Samples by label sets: several stored series may have the same, and are one to PromQL. */
export class SampleParts {
  readonly #byLabels = new Map<string, OneSeries>()

  get series(): number {
    return this.#byLabels.size
  }

  add(labels: Labels, part: SamplePart, reading: Reading = 'value'): void {
    const known = this.#byLabels.get(labels.key)
    if (known === undefined) this.#byLabels.set(labels.key, { labels, reading, parts: [part] })
    else known.parts.push(part)
  }

  /** By rising times in ms. Of samples of one ms the last one stands, as in Prometheus' stores. */
  selected(): SelectedSeries[] {
    return Array.from(this.#byLabels.values(), ({ labels, reading, parts }) => {
      const part = parts.length === 1 ? parts[0] : joined(parts)
      const ofOneTime = reading === 'value' ? undefined : added
      const samples = inMilliseconds(isRising(part.micros) ? part : sorted(part), ofOneTime)
      if (reading === 'running') addUp(samples)
      return { labels, ...samples }
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
  const order = risingOrder(micros)
  return {
    micros: inOrder(micros, order),
    values: inOrder(values, order),
    stale: stale && Uint8Array.from(order, i => stale[i]),
    histograms: histograms && Array.from(order, i => histograms[i])
  }
}

interface Columns {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array | undefined
  readonly histograms: (FloatHistogram | undefined)[] | undefined
}

/** @param join makes one sample of two at the same time, the second of which replaces the first otherwise */
function inMilliseconds(part: SamplePart, join: typeof added | undefined): Columns {
  const { length } = part.micros
  const times = new Float64Array(length)
  const values = new Float64Array(length)
  const stale = part.stale && new Uint8Array(length)
  const histograms = part.histograms && new Array<FloatHistogram | undefined>(length)
  const columns = { times, values, stale, histograms }
  let last = -1
  for (let i = 0; i < length; i++) {
    const time = Math.floor(part.micros[i] / MICROSECONDS)
    const isSame = last >= 0 && times[last] === time
    const value = part.values[i]
    const histogram = part.histograms?.[i]
    const one = isSame && join !== undefined ? join(columns, last, value, histogram) : { value, histogram }
    if (!isSame) last++
    times[last] = time
    values[last] = one.value
    if (stale !== undefined) stale[last] = part.stale![i]
    if (histograms !== undefined) histograms[last] = one.histogram
  }
  const end = last + 1
  return {
    times: times.subarray(0, end),
    values: values.subarray(0, end),
    stale: stale?.subarray(0, end),
    histograms: histograms?.slice(0, end)
  }
}

/** A sample and the one at `at`. */
function added({ values, histograms }: Columns, at: number, value: number, histogram: FloatHistogram | undefined) {
  const before = histograms?.[at]
  const both = before && histogram && add(before, histogram)?.histogram
  return { value: values[at] + value, histogram: both ?? histogram }
}

/** Increments as a counter. Histograms that cannot be added begin anew. */
function addUp(columns: Columns): void {
  const { times, values, stale, histograms } = columns
  let before = -1
  for (let i = 0; i < times.length; i++) {
    if (stale?.[i] === 1) continue
    if (before >= 0) {
      const sum = added(columns, before, values[i], histograms?.[i])
      values[i] = sum.value
      if (histograms !== undefined) histograms[i] = sum.histogram
    }
    before = i
  }
}

function isRising(micros: Float64Array): boolean {
  for (let i = 1; i < micros.length; i++) if (micros[i] < micros[i - 1]) return false
  return true
}
