import { BadInputError } from '../../errors.ts'
import { BYTES_PER_POINT } from '../../model/block.ts'
import type { ExponentialHistogram, Histogram, Summary } from '../../model/distribution.ts'
import { ITEM_FLAWS } from '../../model/item-limits.ts'
import type { PointBlockBuilder } from '../../model/points.ts'
import type { MetricKind, Temporality } from '../../model/series.ts'
import { count } from '../../plural.ts'

/** The kinds of OTLP `Metric.data`, by field number. */
export const GAUGE = 5
export const SUM = 7
export const HISTOGRAM = 9
export const EXPONENTIAL_HISTOGRAM = 10
export const SUMMARY = 11
export type DataField = typeof GAUGE | typeof SUM | typeof HISTOGRAM | typeof EXPONENTIAL_HISTOGRAM | typeof SUMMARY

export type OtlpDistribution = Histogram | ExponentialHistogram | Summary

/** The combination of data field, temporality and monotonicity. */
export interface Form {
  /** Small and unique. */
  readonly index: number
  readonly kind: MetricKind
  readonly temporality: Temporality
}

const GAUGES: Form = { index: 0, kind: 'gauge', temporality: 'unspecified' }
const SUMMARIES: Form = { index: 1, kind: 'summary', temporality: 'unspecified' }
// Two forms each, delta and cumulative.
const UP_DOWN_COUNTERS = forms('up_down_counter', 2)
const COUNTERS = forms('counter', 4)
const HISTOGRAMS = forms('histogram', 6)
const EXPONENTIAL_HISTOGRAMS = forms('exponential_histogram', 8)

/** Larger than every {@link Form.index}. */
export const FORM_COUNT = 10

/** @param temporality OTLP's `AggregationTemporality`. Undefined if it has to be known and is not. */
export function formOf(field: DataField, temporality: number, monotonic: boolean): Form | undefined {
  if (field === GAUGE) return GAUGES
  if (field === SUMMARY) return SUMMARIES
  if (field === HISTOGRAM) return HISTOGRAMS[temporality]
  if (field === EXPONENTIAL_HISTOGRAM) return EXPONENTIAL_HISTOGRAMS[temporality]
  return (monotonic ? COUNTERS : UP_DOWN_COUNTERS)[temporality]
}

/** Why a point cannot be taken, for the ledger; with the words that tell the sender. */
export const REJECTION_TEXTS = {
  ...ITEM_FLAWS,
  unnamed_metric: 'in a metric without a name',
  unspecified_temporality: 'without aggregation temporality (send 1 for delta or 2 for cumulative)',
  no_value: 'with neither an integer nor a double as value',
  bucket_mismatch: 'with bucket counts that do not fit the bounds (one count more than bounds, or none of both)',
  unordered_bounds: 'with bucket bounds that do not rise',
  no_data: 'in a metric with no data of a kind known here'
}
export type RejectionReason = keyof typeof REJECTION_TEXTS

/** Why the distribution makes no sense, if so. */
export function flawOf(distribution: OtlpDistribution): RejectionReason | undefined {
  if (distribution.kind !== 'histogram') return undefined
  const { bounds, counts } = distribution
  if (counts.length !== bounds.length + 1 && counts.length + bounds.length > 0) return 'bucket_mismatch'
  if (Number.isNaN(bounds[0])) return 'unordered_bounds'
  for (let i = 1; i < bounds.length; i++) if (!(bounds[i - 1] < bounds[i])) return 'unordered_bounds'
  return undefined
}

/** Memory of a bucket's count, which one byte of a request can be. */
const BYTES_PER_COUNT = 8

/**
 * Two bytes of a request can be a histogram, which takes hundreds in memory. Decoding ends once nobody could ever buy
 * the result. Throws {@link BadInputError} `too_large`.
 * @param next bytes of a distribution that is not decoded yet
 */
export function checkSize({ length, distributionBytes }: PointBlockBuilder, next: number, maxBytes: number): void {
  if (length * BYTES_PER_POINT + distributionBytes + next * BYTES_PER_COUNT > maxBytes)
    throw new BadInputError(
      `${count(length, 'point')} and more do not fit into ${count(maxBytes, 'byte')}: send less at once, or raise service.limits.in_flight`,
      'too_large'
    )
}

/** Items not taken out of one request, by reason. */
export class Rejections {
  readonly items = new Map<RejectionReason, number>()
  readonly #item: string
  readonly #place: string
  #first = new Map<RejectionReason, string>()

  /** @param item its name for the sender @param place the kind of thing that items are in */
  constructor(item = 'point', place = 'metric') {
    this.#item = item
    this.#place = place
  }

  /** @param place name of the metric or scope */
  add(reason: RejectionReason, items: number, place: string): void {
    if (!this.#first.has(reason)) this.#first.set(reason, place)
    this.items.set(reason, (this.items.get(reason) ?? 0) + items)
  }

  get total(): number {
    let total = 0
    for (const items of this.items.values()) total += items
    return total
  }

  /** A text for the sender; empty if all was well. */
  describe(): string {
    const parts = []
    for (const [reason, items] of this.items) {
      const first = this.#first.get(reason)
      const where = first ? `, first in ${this.#place} "${first}"` : ''
      parts.push(`${count(items, this.#item)} ${REJECTION_TEXTS[reason]}${where}`)
    }
    return parts.join('; ')
  }
}

function forms(kind: MetricKind, index: number): readonly (Form | undefined)[] {
  return [undefined, { index, kind, temporality: 'delta' }, { index: index + 1, kind, temporality: 'cumulative' }]
}
