import type { Distribution, ExponentialHistogram, Histogram, Summary } from '../../model/distribution.ts'
import { finiteBuckets } from '../../model/finite-buckets.ts'
import { boundText } from './bounds.ts'
import { NameLists } from './earlier-streams.ts'
import { bucketRanges, leBuckets, vmrange } from './exponential.ts'
import { type Label, type Labels, withLabels } from './labels.ts'
import { Samples } from './samples.ts'

// Label sets rendered for one series before it starts anew. Exponential buckets come and go; the rest is far below.
const MAX_RENDERED = 4096

// Lists of so many names are made at once, when they change: explicit buckets and quantiles do so with their first point.
const MAX_PROMPT_NAMES = 64

/** `vmrange`: VictoriaMetrics' own, which can be summed over series. `le`: cumulative buckets, which all understand. */
export type ExponentialForm = 'vmrange' | 'le'

/** The Prometheus series that one series of distributions becomes, as label sets that are made when first needed. */
export class DistributionStreams {
  #name: string
  #labels: Labels
  #render: (labels: Labels) => number
  /** By name. */
  #rendered = new Map<string, number>()
  /** Names of before a restart. */
  #earlier: readonly string[]
  #lists: NameLists
  /** The series it became, each as suffix, label and value: `_bucket le=0.5`. The latest are missing while {@link hasNewNames}. */
  names: readonly string[]
  hasNewNames = false
  #bounds: readonly number[] = []
  #buckets: number[] = []

  /** @param earlier {@link DistributionStreams.names} of before a restart @param lists shared with other series */
  constructor(
    name: string,
    labels: Labels,
    render: (labels: Labels) => number,
    earlier: readonly string[] = [],
    lists = new NameLists()
  ) {
    this.#name = name
    this.#labels = labels
    this.#render = render
    this.#earlier = earlier
    this.#lists = lists
    this.names = earlier
  }

  /** True if no label set was made so far. */
  get isEmpty(): boolean {
    return this.#rendered.size === 0
  }

  /** Calls `hold` with the ids of all label sets. */
  holdIds(hold: (id: number) => void): void {
    for (const id of this.#rendered.values()) hold(id)
    // Those of bounds that are still in use may have been rendered before it started anew.
    for (const id of this.#buckets) hold(id)
  }

  renewNames(): void {
    this.names = this.#lists.of([...new Set([...this.#earlier, ...this.#rendered.keys()])])
    this.hasNewNames = false
  }

  /** A set, or a sketch of one, is no business of this: its number is in the block's column. */
  add(samples: Samples, time: number, distribution: Distribution, form: ExponentialForm): void {
    if (distribution.kind === 'set' || distribution.kind === 'distinct') return
    this.#addTotals(samples, time, distribution)
    if (distribution.kind === 'histogram') this.#addHistogram(samples, time, distribution)
    else if (distribution.kind === 'summary') this.#addQuantiles(samples, time, distribution)
    else if (form === 'le') this.#addAsLe(samples, time, distribution)
    else this.#addAsRanges(samples, time, distribution)
    if (this.hasNewNames && this.#rendered.size <= MAX_PROMPT_NAMES) this.renewNames()
  }

  /**
   * Ends every series this one became.
   * @param last the point that came with the end: its bounds or quantiles tell these series
   */
  addStale(samples: Samples, time: number, last: Distribution | undefined, form: ExponentialForm): void {
    this.#stream('_count')
    this.#stream('_sum')
    for (const name of this.#earlier) this.#streamNamed(name)
    // Only to have them rendered: the values of an end mean nothing.
    if (last !== undefined) this.add(new Samples(), time, last, form)
    for (const labels of this.#rendered.values()) samples.add(labels, time, 0, true)
  }

  #addTotals(samples: Samples, time: number, { count, sum }: { count: number; sum: number }): void {
    samples.add(this.#stream('_count'), time, count)
    if (!Number.isNaN(sum)) samples.add(this.#stream('_sum'), time, sum)
  }

  #addHistogram(samples: Samples, time: number, histogram: Histogram): void {
    const { bounds, counts } = finiteBuckets(histogram)
    if (!sameNumbers(bounds, this.#bounds)) {
      this.#bounds = bounds
      this.#buckets = bounds.map(bound => this.#stream('_bucket', ['le', boundText(bound)]))
    }
    let below = 0
    for (let i = 0; i < bounds.length; i++) {
      below += counts[i]
      samples.add(this.#buckets[i], time, below)
    }
    samples.add(this.#stream('_bucket', ['le', '+Inf']), time, histogram.count)
  }

  #addAsRanges(samples: Samples, time: number, histogram: ExponentialHistogram): void {
    for (const range of bucketRanges(histogram))
      samples.add(this.#stream('_bucket', ['vmrange', vmrange(range)]), time, range.count)
  }

  #addAsLe(samples: Samples, time: number, histogram: ExponentialHistogram): void {
    for (const [bound, count] of leBuckets(histogram))
      samples.add(this.#stream('_bucket', ['le', boundText(bound)]), time, count)
  }

  #addQuantiles(samples: Samples, time: number, { quantiles }: Summary): void {
    for (const { quantile, value } of quantiles)
      samples.add(this.#stream('', ['quantile', String(quantile)]), time, value)
  }

  #streamNamed(name: string): number {
    const [suffix, label] = name.split(' ')
    if (label === undefined) return this.#stream(suffix)
    const [key, value] = label.split('=')
    return this.#stream(suffix, [key, value])
  }

  #stream(suffix: string, bucket?: Label): number {
    const name = bucket === undefined ? suffix : `${suffix} ${bucket[0]}=${bucket[1]}`
    const known = this.#rendered.get(name)
    if (known !== undefined) return known
    if (this.#rendered.size >= MAX_RENDERED) this.#rendered.clear()
    const metric: Label = ['__name__', this.#name + suffix]
    const stream = this.#render(
      bucket === undefined ? withLabels(this.#labels, metric) : withLabels(this.#labels, metric, bucket)
    )
    this.#rendered.set(name, stream)
    this.hasNewNames = true
    return stream
  }
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
