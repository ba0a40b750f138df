import type { ExponentialHistogram, Histogram, Summary } from '../../model/distribution.ts'
import { ITEM_FLAWS } from '../../model/item-limits.ts'
import type { MetricKind, Temporality } from '../../model/series.ts'
import { Rejections } from '../rejections.ts'

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
/** Gauges with members in their metadata. */
export const SETS: Form = { index: 10, kind: 'set', temporality: 'delta' }

/** Larger than every {@link Form.index}. */
export const FORM_COUNT = 11

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

/** Items of one request that were not taken. */
export class OtlpRejections extends Rejections<RejectionReason> {
  constructor(item?: string, place?: string) {
    super(REJECTION_TEXTS, item, place)
  }
}

function forms(kind: MetricKind, index: number): readonly (Form | undefined)[] {
  return [undefined, { index, kind, temporality: 'delta' }, { index: index + 1, kind, temporality: 'cumulative' }]
}
