import type { RefusableSeries } from '../../core/windows/settings.ts'
import { type Context, findAttribute } from '../../sdk/plugin/index.ts'
import { BUCKET_ATTRIBUTES, TIER_ATTRIBUTE } from './config.ts'

/** Why points of a series cannot be rolled up, as the ledger has it. */
export type Refusal = 'average_of_averages' | 'bucket_without_le' | 'gauge_of_a_tier' | 'quantiles_do_not_merge'

const EXPLANATIONS: Readonly<Record<Refusal, string>> = {
  average_of_averages:
    'an average of averages is not the average: send rollup the values that windowed_counter averages, and divide sum by count when you ask',
  bucket_without_le:
    'without le the buckets of a histogram would be added to each other: list le in by, or send histograms as histograms',
  gauge_of_a_tier:
    'least, greatest and last of an interval would be taken for samples: roll gauges up in one place; their count and sum go on',
  quantiles_do_not_merge:
    'quantiles of quantiles are no quantiles: send histograms, or lead summaries past rollup by another pipeline'
}
/** Metrics told about; of more nothing is said but their number in the ledger. */
const MOST_TOLD = 1000

/** Finds series that cannot be rolled up, and logs each metric once. */
export class RefusedSeries {
  /** Attributes that must not be lost, if a series has any of them. */
  #lost: readonly string[]
  #log: Context['log']
  #told = new Set<string>()

  constructor(by: readonly string[] | undefined, log: Context['log']) {
    this.#lost = by === undefined ? [] : BUCKET_ATTRIBUTES.filter(key => !by.includes(key))
    this.#log = log
  }

  /** Undefined if the series can be rolled up. */
  of(series: RefusableSeries): Refusal | undefined {
    const { metric } = series
    const refusal = this.#refusalOf(series)
    if (refusal !== undefined && !this.#told.has(metric.name) && this.#told.size < MOST_TOLD) {
      this.#told.add(metric.name)
      this.#log.warn({ metric: metric.name, reason: refusal }, EXPLANATIONS[refusal])
    }
    return refusal
  }

  #refusalOf({ metric: { name, kind }, attributes }: RefusableSeries): Refusal | undefined {
    if (kind === 'summary' || findAttribute(attributes, 'quantile') !== undefined) return 'quantiles_do_not_merge'
    if (kind === 'gauge' && findAttribute(attributes, TIER_ATTRIBUTE) !== undefined) return 'gauge_of_a_tier'
    // As windowed_counter names them.
    if (kind === 'gauge' && name.endsWith('.avg') && findAttribute(attributes, 'window') !== undefined)
      return 'average_of_averages'
    for (const key of this.#lost) if (findAttribute(attributes, key) !== undefined) return 'bucket_without_le'
    return undefined
  }
}
