import { CUSTOM_BUCKETS, type FloatHistogram, NO_BUCKETS } from '../../../../core/promql/histogram/float-histogram.ts'
import { type Labels, METRIC_NAME } from '../../../../core/promql/labels.ts'
import type { MemoryStore } from '../../../../core/promql/memory-store.ts'
import { toNumber } from '../../../../core/promql/notation/histogram-notation.ts'
import { SampleLoader } from '../../../../core/promql/notation/sample-loader.ts'
import type { NotedSeries } from '../../../../core/promql/notation/series-notation.ts'
import type { LoadCommand } from './script.ts'

/** Puts series of test scripts into a store. */
export class Loader {
  readonly #samples: SampleLoader

  constructor(store: MemoryStore) {
    this.#samples = new SampleLoader(store)
  }

  load({ series, stepMs, withNhcb }: LoadCommand): void {
    for (const each of series) this.#load(each, stepMs)
    if (withNhcb) for (const each of nativeHistograms(series)) this.#load(each, stepMs)
  }

  clear(): void {
    this.#samples.clear()
  }

  #load({ labels, samples }: NotedSeries, stepMs: number): void {
    for (const [i, noted] of samples.entries()) this.#samples.load(labels, i * stepMs, noted)
  }
}

interface Classic {
  readonly labels: Labels
  /** By index of the time: cumulative counts by upper bound. */
  readonly samples: { buckets: Map<number, number>; count: number | undefined; sum: number }[]
}

/** Native histograms with custom bounds of the classic histograms among the series. */
function nativeHistograms(series: readonly NotedSeries[]): NotedSeries[] {
  const classics = new Map<string, Classic>()
  for (const { labels, samples } of series) {
    const [, base, suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.get(METRIC_NAME)) ?? []
    if (suffix === undefined) continue
    const own = labels.with([
      [METRIC_NAME, base!],
      ['le', '']
    ])
    let classic = classics.get(own.key)
    if (classic === undefined) classics.set(own.key, (classic = { labels: own, samples: [] }))
    for (const [i, sample] of samples.entries()) {
      if (typeof sample !== 'number') continue
      const at = (classic.samples[i] ??= { buckets: new Map(), count: undefined, sum: 0 })
      if (suffix === 'count') at.count = sample
      else if (suffix === 'sum') at.sum = sample
      else if (!at.buckets.has(toNumber(labels.get('le')))) at.buckets.set(toNumber(labels.get('le')), sample)
    }
  }
  return Array.from(classics.values(), ({ labels, samples }) => ({
    labels,
    samples: Array.from(samples, sample => sample && { histogram: nativeOf(sample), resetWritten: false })
  }))
}

function nativeOf({ buckets, count, sum }: Classic['samples'][number]): FloatHistogram {
  const bounds = Array.from(buckets.keys()).sort((a, b) => a - b)
  const total = count ?? buckets.get(bounds.at(-1)!) ?? 0
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY) {
    bounds.push(Number.POSITIVE_INFINITY)
    buckets.set(Number.POSITIVE_INFINITY, total)
  }
  const counts = Float64Array.from(bounds, (bound, i) => buckets.get(bound)! - (buckets.get(bounds[i - 1]!) ?? 0))
  if (counts.some(each => each < 0)) throw new Error(`counts of a classic histogram fall: ${counts}`)
  return {
    schema: CUSTOM_BUCKETS,
    counterReset: 'unknown',
    count: total,
    sum,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: { offset: 0, counts },
    negative: NO_BUCKETS,
    customBounds: Float64Array.from(bounds.slice(0, -1))
  }
}
